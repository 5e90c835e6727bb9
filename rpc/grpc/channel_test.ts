import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import { openChannel } from "./channel.ts";
import type { ClientTls } from "../client_tls.ts";
import { encodeFields } from "../http2/hpack/encode.ts";
import { DEFAULT_WINDOW_BYTES, ERROR } from "../http2/protocol.ts";
import { Http2Server } from "../http2/server.ts";
import type { Http2Stream } from "../http2/stream.ts";
import { NO_RETRY, type Retry } from "../retry.ts";
import { testCertificates } from "../testing/certificates.ts";
import { serveDriver } from "../testing/driver.ts";

/** The outcome of one call: "ok", or the error. */
async function tryCall(address: string, tls: ClientTls): Promise<"ok" | FlwrError> {
  const channel = openChannel({ address, tls, retry: NO_RETRY });
  try {
    await channel.call(Driver.method.createRun, {});
    return "ok";
  } catch (error) {
    assert.ok(error instanceof FlwrError, String(error));
    return error;
  } finally {
    channel.close();
  }
}

function assertError(outcome: "ok" | FlwrError, code: string, message: string, hint: RegExp) {
  assert.ok(outcome instanceof FlwrError);
  assert.equal(outcome.message, message);
  assert.equal(outcome.code, code);
  assert.match(outcome.hints.join("\n"), hint);
}

Deno.test("TLS reaches a server by name and by address", async () => {
  const tls = await testCertificates();
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    const server = await serveDriver({}, { tls, address: `${host}:0` });
    assert.equal(await tryCall(server.address, { rootCertificates: tls.ca }), "ok", host);
    await server.close(1);
  }
});

Deno.test("a certificate for another name or address is refused", async () => {
  const tls = await testCertificates(["superlink.example.org", "192.0.2.1"]);
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    const server = await serveDriver({}, { tls, address: `${host}:0` });
    const bare = host.replace(/[[\]]/g, "");
    assertError(
      await tryCall(server.address, { rootCertificates: tls.ca }),
      "failed-precondition",
      `The certificate of "${server.address}" is not for "${bare}": it is for ` +
        "DNS:superlink.example.org, IP Address:192.0.2.1",
      /one of these names/,
    );
    await server.close(1);
  }
});

Deno.test("a certificate of another or an unknown authority is refused", async () => {
  const tls = await testCertificates();
  const other = await testCertificates();
  const server = await serveDriver({}, { tls });
  assertError(
    await tryCall(server.address, { rootCertificates: other.ca }),
    "failed-precondition",
    `The certificate of "${server.address}" is not signed by the authority in --root-certificates`,
    /ca\.crt/,
  );
  assertError(
    await tryCall(server.address, {}),
    "failed-precondition",
    `The certificate of "${server.address}" is signed by an authority that this system does not know`,
    /--root-certificates/,
  );
  await server.close(1);
});

Deno.test("an expired certificate is refused", async () => {
  const tls = await testCertificates(["localhost", "127.0.0.1"], -2);
  const server = await serveDriver({}, { tls });
  const outcome = await tryCall(server.address, { rootCertificates: tls.ca });
  assert.ok(outcome instanceof FlwrError);
  assert.equal(outcome.code, "failed-precondition");
  assert.match(
    outcome.message,
    /^The certificate of "127\.0\.0\.1:\d+" expired on \d{4}-\d\d-\d\d$/,
  );
  await server.close(1);
});

Deno.test("TLS on one side only is recognised", async () => {
  const tls = await testCertificates();
  const secure = await serveDriver({}, { tls });
  const plain = await serveDriver();
  assertError(
    await tryCall(secure.address, "insecure"),
    "failed-precondition",
    `"${secure.address}" accepts only TLS`,
    /--insecure.*--root-certificates/,
  );
  assertError(
    await tryCall(plain.address, { rootCertificates: tls.ca }),
    "failed-precondition",
    `"${plain.address}" does not use TLS`,
    /--insecure/,
  );
  await secure.close(1);
  await plain.close(1);
});

Deno.test("a web server is recognised", async () => {
  const { ca, cert, key } = await testCertificates();
  const page = () => new Response("404 page not found", { status: 404 });
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const plain = Deno.serve(options, page);
  const secure = Deno.serve({ ...options, cert, key }, page);
  for (const [server, tls] of [[plain, "insecure"], [secure, { rootCertificates: ca }]] as const) {
    const outcome = await tryCall(`127.0.0.1:${server.addr.port}`, tls);
    assert.ok(outcome instanceof FlwrError);
    assert.equal(outcome.code, "failed-precondition");
    assert.match(outcome.message, /is not a Flower gRPC server: it answered with /);
    await server.shutdown();
  }
});

Deno.test("a server that supports only HTTP/1 is recognised", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1000));
      await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
      connection.close();
    }
  })();
  const address = `127.0.0.1:${listener.addr.port}`;
  for (const tls of ["insecure", {}] as const) {
    assertError(
      await tryCall(address, tls),
      "failed-precondition",
      `"${address}" is not a Flower gRPC server: it answers in HTTP/1`,
      /--superlink/,
    );
  }
  listener.close();
  await serving;
});

Deno.test("an unreachable server is a retryable error with hints", async () => {
  const server = await serveDriver();
  await server.close(0);
  for (const tls of ["insecure", {}] as const) {
    assertError(
      await tryCall(server.address, tls),
      "unavailable",
      `Cannot reach "${server.address}": connection refused`,
      /Start the SuperLink/,
    );
  }
  assertError(
    await tryCall("no-such-host.invalid:9092", "insecure"),
    "unavailable",
    'Cannot reach "no-such-host.invalid:9092": no such host name',
    /--superlink/,
  );
});

Deno.test("root certificates without a certificate are refused", () => {
  assert.throws(
    () => openChannel({ address: "localhost:9092", tls: { rootCertificates: "hello" } }),
    /The root certificates contain no PEM certificate/,
  );
});

Deno.test("a call is retried until the server starts, and reports each attempt", async () => {
  const gone = await serveDriver();
  await gone.close(0);
  const retries: Retry[] = [];
  let server: typeof gone | undefined;
  const channel = openChannel({
    address: gone.address,
    tls: "insecure",
    onRetry: (retry) => retries.push(retry),
    random: { uniform: () => 0, uint64: () => 0n, uuid: () => "" },
    clock: {
      now: () => 0,
      sleep: async () => {
        if (retries.length === 3) server = await serveDriver({}, { address: gone.address });
      },
    },
  });
  const { response } = await channel.call(Driver.method.createRun, {});
  assert.equal(response.runId, 1n);
  assert.deepEqual(retries.map(({ attempt }) => attempt), [1, 2, 3]);
  assert.equal(retries[0]?.error.message, `Cannot reach "${gone.address}": connection refused`);
  channel.close();
  await server?.close(1);
});

Deno.test("each attempt has its own headers, and the server's errors are not retried", async () => {
  let calls = 0;
  const server = await serveDriver({
    createRun: (_request, call) => {
      calls++;
      const code = call.header("try") === "3" ? "permission-denied" : "unavailable";
      return Promise.reject(new FlwrError(code, `Try ${call.header("try")}`));
    },
  });
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const channel = openChannel({ address: server.address, tls: "insecure", clock });
  let tries = 0;
  const metadata = () => Promise.resolve({ try: String(++tries) });
  await assert.rejects(
    channel.call(Driver.method.createRun, {}, { metadata }),
    (error) => error instanceof FlwrError && error.code === "permission-denied",
  );
  assert.equal(calls, 3);
  channel.close();
  await server.close(1);
});

Deno.test("a host that accepts the connection but never responds is given up", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  const channel = openChannel({
    address,
    tls: "insecure",
    retry: NO_RETRY,
    connectTimeoutSeconds: 0.1,
  });
  const call = channel.call(Driver.method.createRun, {});
  const connection = await listener.accept();
  await assert.rejects(
    call,
    (error) =>
      error instanceof FlwrError && error.message === `Cannot reach "${address}": no answer`,
  );
  channel.close();
  connection.close();
  listener.close();
});

/** Makes one call to a server that answers it as given. `close` lets the server send GOAWAY. */
async function callAnsweredWith(
  respond: (stream: Http2Stream, close: () => void) => Promise<void>,
  windowBytes = 2 ** 20,
): Promise<"ok" | FlwrError> {
  let closed: Promise<void> | undefined;
  const close = () => closed ??= server.close(1);
  const server: Http2Server = new Http2Server({
    address: { host: "127.0.0.1", port: 0 },
    answer: async (stream) => {
      await new Promise<void>((end) => stream.read({ receive: () => {}, end }));
      await respond(stream, close);
      return "admitted";
    },
    maxStreams: 1,
    windowBytes,
    keepAlive: { silence: 60, patience: 60 },
    idleSeconds: 60,
    onOffence: () => {},
  });
  try {
    return await tryCall(`127.0.0.1:${server.port}`, "insecure");
  } finally {
    await close();
  }
}

Deno.test("a response cut short is retryable if the connection ended with it", async () => {
  for (const [ends, code] of [[true, "unavailable"], [false, "internal"]] as const) {
    const outcome = await callAnsweredWith(async (stream, close) => {
      if (ends) close();
      const sent = Promise.withResolvers<void>();
      stream.onContentSent(() => sent.resolve());
      stream.sendHeaders(
        encodeFields([[":status", "200"], ["content-type", "application/grpc"]]),
        false,
      );
      stream.write(new Uint8Array(4)); // of the five bytes before a message
      await sent.promise;
      stream.reset(ERROR.none);
    });
    assert.equal((outcome as FlwrError).code, code);
  }
});

Deno.test("a call whose connection is gone before it starts is retryable", async () => {
  // A window update of 0 bytes is a protocol error: the client closes the connection at once.
  const outcome = await callAnsweredWith(() => Promise.resolve(), DEFAULT_WINDOW_BYTES);
  assert.equal((outcome as FlwrError).code, "unavailable");
});
