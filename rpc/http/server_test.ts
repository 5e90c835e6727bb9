import assert from "node:assert/strict";
import { connect } from "node:net";
import { FlwrError } from "../../base/error.ts";
import { Control } from "../../proto/gen/current/control_pb.ts";
import { ApiError } from "../api_error.ts";
import { parseAddress } from "../address.ts";
import { NO_RETRY } from "../retry.ts";
import { bindControl, serveHttp } from "../testing/control.ts";
import { testCertificates } from "../testing/certificates.ts";
import { parseResponse, RawConnection, rawRequest } from "../testing/raw_http.ts";
import { openHttpChannel } from "./channel.ts";

const LIST_RUNS = "/v1/control/list-runs";
const PROTOBUF = ["Content-Type: application/protobuf"];
const empty = bindControl({ listRuns: () => Promise.resolve({}) });

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly content_type: string | null;
  readonly body: string;
}

/** Responses of Flower 1.41's SuperLink, by the name of the request. */
const recorded = new Map<string, Recorded>(
  (JSON.parse(
    Deno.readTextFileSync(
      new URL("../../tests/vectors/flwr-1.41/error_probes.json", import.meta.url),
    ),
  ) as Recorded[]).map((probe) => [probe.name, probe]),
);

const transportProbes: [probe: string, line: string, headers?: string[], body?: string][] = [
  ["GET /health", "GET /health"],
  ["HEAD /health", "HEAD /health"],
  ["GET /v1/fleet/pull-messages", `GET ${LIST_RUNS}`],
  ["POST unknown path", "POST /v1/control/nope", PROTOBUF],
  ["fleet register: wrong content-type", `POST ${LIST_RUNS}`, ["Content-Type: text/plain"]],
  ["fleet register: no content-type", `POST ${LIST_RUNS}`],
  ["fleet register: garbage body", `POST ${LIST_RUNS}`, PROTOBUF, "\x08"],
  ["pull ok", `POST ${LIST_RUNS}`, PROTOBUF],
];

for (const [name, line, headers, body] of transportProbes) {
  Deno.test(`answers as Flower 1.41: ${name}`, async () => {
    const server = await serveHttp(empty);
    const answer = await rawRequest(server.address, line, headers, body);
    const expected = recorded.get(name);
    assert.deepEqual({
      name,
      status: answer.status,
      content_type: answer.headers.get("content-type") ?? null,
      body: answer.body,
    }, expected);
    await server.close(1);
  });
}

Deno.test("parameters after the content type do not matter", async () => {
  const server = await serveHttp(empty);
  for (const type of ["application/protobuf; charset=x", "Application/Protobuf"]) {
    const answer = await rawRequest(server.address, `POST ${LIST_RUNS}?x=1`, [
      `Content-Type: ${type}`,
    ]);
    assert.equal(answer.status, 200, type);
  }
  await server.close(1);
});

const errors: [FlwrError | TypeError, number, Record<string, unknown>][] = [
  [new ApiError("run-not-found", "Run ID not found."), 404, {
    code: 16,
    detail: "Run ID not found.",
  }],
  [new FlwrError("unavailable", "Wait"), 503, { detail: "Wait" }],
  [new FlwrError("unauthenticated", "Who?"), 401, { detail: "Who?" }],
  [new FlwrError("permission-denied", "No"), 403, { detail: "No" }],
  [new FlwrError("invalid-argument", "Bad"), 400, { detail: "Bad" }],
  [new FlwrError("not-found", "None"), 404, { detail: "None" }],
  [new FlwrError("internal", "secret"), 500, { detail: "Internal server error." }],
  [new TypeError("/etc/server.key"), 500, { detail: "Internal server error." }],
];

Deno.test("errors get a status and Flower's JSON; internal errors are hidden", async () => {
  let thrown: Error | undefined;
  const server = await serveHttp(bindControl({ listRuns: () => Promise.reject(thrown) }));
  for (const [error, status, body] of errors) {
    thrown = error;
    const answer = await rawRequest(server.address, `POST ${LIST_RUNS}`, PROTOBUF);
    assert.equal(answer.status, status, error.message);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.deepEqual(JSON.parse(answer.body), body);
  }
  await server.close(1);
});

const malformed = {
  "no HTTP": "\x16\x03\x01 hello\r\n\r\n",
  "two lengths":
    `POST ${LIST_RUNS} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a head without end": `POST ${LIST_RUNS} HTTP/1.1\r\nHost: a\r\nX: ${
    "x".repeat(100_000)
  }\r\n\r\n`,
  "a chunk of no length":
    `POST ${LIST_RUNS} HTTP/1.1\r\nHost: a\r\nContent-Type: application/protobuf\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
};

for (const [what, bytes] of Object.entries(malformed)) {
  Deno.test(`refuses ${what} and closes the connection`, async () => {
    const server = await serveHttp(empty);
    using connection = await RawConnection.open(server.address);
    await connection.write(bytes).catch(() => {}); // the server may already have closed it
    assert.match(await connection.readToEnd(), /^HTTP\/1\.1 400 |^$/);
    assert.equal((await rawRequest(server.address, "GET /health")).status, 200);
    await server.close(1);
  });
}

Deno.test("incomplete headers have a deadline", async () => {
  const server = await serveHttp(empty, { connections: { headTimeoutMs: 50 } });
  for (const start of ["", `POST ${LIST_RUNS} HT`, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]) {
    using connection = await RawConnection.open(server.address);
    await connection.write(start);
    assert.doesNotMatch(await connection.readToEnd(), /HTTP\/1\.1 [^4]/);
  }
  await server.close(1);
});

Deno.test("a body that arrives too slowly is refused", async () => {
  const server = await serveHttp(empty, {
    bodyLimits: { graceSeconds: 0.05, minBytesPerSecond: 1e6 },
  });
  const answer = await rawRequest(
    server.address,
    `POST ${LIST_RUNS}`,
    [...PROTOBUF, "Content-Length: 100"],
  );
  assert.equal(answer.status, 408);
  await server.close(1);
});

Deno.test("a body that is too large is refused, announced or not", async () => {
  const server = await serveHttp(empty, { bodyLimits: { maxBytes: 10 } });
  const announced = await rawRequest(
    server.address,
    `POST ${LIST_RUNS}`,
    [...PROTOBUF, "Content-Length: 11"],
  );
  assert.equal(announced.status, 413);
  using connection = await RawConnection.open(server.address);
  await connection.write(
    `POST ${LIST_RUNS} HTTP/1.1\r\nHost: a\r\n${
      PROTOBUF[0]
    }\r\nTransfer-Encoding: chunked\r\n\r\n` +
      "b\r\nhello world\r\n",
  );
  assert.equal(parseResponse(await connection.readToEnd()).status, 413);
  await server.close(1);
});

Deno.test("a compressed body is refused", async () => {
  const server = await serveHttp(empty);
  const answer = await rawRequest(server.address, `POST ${LIST_RUNS}`, [
    ...PROTOBUF,
    "Content-Encoding: gzip",
  ]);
  assert.equal(answer.status, 415);
  await server.close(1);
});

Deno.test("a call that is not admitted is refused, and its body is not read", async () => {
  const server = await serveHttp(bindControl({}, {
    admit: (call) => {
      assert.equal(call.method, "/flwr.proto.Control/ListRuns");
      throw new FlwrError("unauthenticated", `Not ${call.header("key")}`);
    },
    authenticate: () => Promise.reject(new Error("reached")),
  }));
  using connection = await RawConnection.open(server.address);
  const head = `POST ${LIST_RUNS} HTTP/1.1\r\nHost: a\r\n${PROTOBUF[0]}\r\nKey: mine\r\n`;
  await connection.write(`${head}Content-Length: 500000000\r\nExpect: 100-continue\r\n\r\n`);
  // Deno requests the body at once, but nobody reads it.
  const said = (await connection.readToEnd()).replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
  const answer = parseResponse(said);
  assert.equal(answer.status, 401);
  assert.equal(answer.headers.get("connection"), "close");
  assert.equal(answer.body, '{"detail":"Not mine"}');
  await server.close(1);
});

Deno.test("a refused call with a short body leaves its connection usable", async () => {
  const server = await serveHttp(empty);
  using connection = await RawConnection.open(server.address);
  await connection.write(
    `POST ${LIST_RUNS} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello` +
      "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  );
  const text = await connection.readToEnd();
  assert.deepEqual(text.match(/^HTTP\/1\.1 \d+|(?<=\})HTTP\/1\.1 \d+/gm), [
    "HTTP/1.1 415",
    "HTTP/1.1 200",
  ]);
  await server.close(1);
});

Deno.test("byte headers are base64, and anything else counts as missing", async () => {
  const seen: (Uint8Array | undefined)[] = [];
  const server = await serveHttp(bindControl({
    listRuns: (_request, call) => {
      seen.push(call.headerBytes("flwr-signature"));
      return Promise.resolve({});
    },
  }));
  for (const value of ["AQID", "AQ=ID", "not base64!", "", "\xff\xfe"]) {
    await rawRequest(server.address, `POST ${LIST_RUNS}`, [
      ...PROTOBUF,
      `Flwr-Signature: ${value}`,
    ]);
  }
  await rawRequest(server.address, `POST ${LIST_RUNS}`, PROTOBUF);
  const bytes = seen.map((found) => found && [...found]);
  assert.deepEqual(bytes, [[1, 2, 3], undefined, undefined, [], undefined, undefined]);
  await server.close(1);
});

/** Starts a server whose ListRuns waits to be released, and records what its handler saw. */
async function serveHeld() {
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const delivered = Promise.withResolvers<boolean>();
  const server = await serveHttp(bindControl({
    listRuns: async (_request, call) => {
      call.signal.addEventListener("abort", () => aborted.resolve());
      call.delivered.then(delivered.resolve);
      started.resolve();
      await Promise.race([release.promise, aborted.promise]);
      return { now: "x".repeat(30_000_000) };
    },
  }));
  const channel = openHttpChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  return { server, started, release, aborted, delivered, channel };
}

Deno.test("a received response counts as delivered, and its call is not aborted", async () => {
  const { server, channel, release, delivered, aborted } = await serveHeld();
  release.resolve();
  const { response } = await channel.call(Control.method.listRuns, {});
  assert.equal(response.now.length, 30_000_000);
  assert.equal(await delivered.promise, true);
  channel.close();
  await server.close(1);
  const outcome = await Promise.race([aborted.promise.then(() => "aborted"), "no"]);
  assert.equal(outcome, "no");
});

Deno.test("a call whose caller disconnects is aborted and not delivered", async () => {
  const { server, channel, started, delivered, aborted } = await serveHeld();
  const cancel = new AbortController();
  const call = channel.call(Control.method.listRuns, {}, { signal: cancel.signal });
  await started.promise;
  cancel.abort();
  await assert.rejects(call, { code: "cancelled" });
  await aborted.promise;
  assert.equal(await delivered.promise, false);
  channel.close();
  await server.close(1);
});

Deno.test("a response that is not read to its end does not count as delivered", async () => {
  const { server, channel, release, delivered } = await serveHeld();
  release.resolve();
  const { host, port } = parseAddress(server.address);
  const socket = connect(port, host);
  socket.write(
    `POST ${LIST_RUNS} HTTP/1.1\r\nHost: a\r\n${PROTOBUF[0]}\r\nContent-Length: 0\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once("data", resolve));
  socket.destroy();
  assert.equal(await delivered.promise, false);
  channel.close();
  await server.close(1);
});

Deno.test("a closing server lets open calls end, and accepts no new ones", async () => {
  const { server, channel, started, release } = await serveHeld();
  const call = channel.call(Control.method.listRuns, {});
  await started.promise;
  const closed = server.close(10);
  release.resolve();
  assert.equal((await call).response.now.length, 30_000_000);
  await closed;
  await assert.rejects(channel.call(Control.method.listRuns, {}), /connection refused/);
  channel.close();
});

Deno.test("a closing server cancels calls that outlast the grace period", async () => {
  const { server, channel, started, aborted, delivered } = await serveHeld();
  const call = assert.rejects(channel.call(Control.method.listRuns, {}), /refused|broke/);
  await started.promise;
  await server.close(0.1);
  await aborted.promise;
  assert.equal(await delivered.promise, false);
  await call;
  channel.close();
});

Deno.test("silent connections do not stop a server from closing", async () => {
  const server = await serveHttp(empty);
  using _silent = await RawConnection.open(server.address);
  using used = await RawConnection.open(server.address);
  await used.write("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  await used.read();
  await server.close(0);
});

Deno.test("plain text at a TLS port is refused without a log record", async () => {
  const { ca, cert, key } = await testCertificates();
  const server = await serveHttp(empty, { tls: { ca, cert, key } });
  using connection = await RawConnection.open(server.address);
  await connection.write("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.doesNotMatch(await connection.readToEnd(), /^HTTP/);
  await server.close(1);
});

Deno.test("routes are answered in addition to services", async () => {
  const server = await serveHttp(empty, {
    routes: {
      "/docs": () => ({ status: 200, headers: { "content-type": "text/plain" }, body: "hi" }),
    },
  });
  assert.equal((await rawRequest(server.address, "GET /docs")).body, "hi");
  assert.equal((await rawRequest(server.address, "HEAD /docs")).body, "");
  const posted = await rawRequest(server.address, "POST /docs");
  assert.equal(posted.status, 405);
  assert.equal(posted.headers.get("allow"), "GET, HEAD");
  await server.close(1);
});

Deno.test("a port in use and an address of another machine are named", async () => {
  const server = await serveHttp(empty);
  await assert.rejects(serveHttp(empty, { address: server.address }), {
    message: `Cannot listen on "${server.address}": the port is in use`,
  });
  await assert.rejects(serveHttp(empty, { address: "192.0.2.1:8000" }), {
    message: 'Cannot listen on "192.0.2.1:8000": this machine does not have that address',
  });
  await server.close(1);
});

Deno.test("a stream without a first message sends its headers, and messages as they arrive", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const binding = bindControl({
    async *streamLogs() {
      await promise;
      yield { logOutput: "at last" };
    },
  });
  const server = await serveHttp(binding, { streamHeadMs: 0 });
  const answer = await fetch(`http://${server.address}/v1/control/stream-logs`, {
    method: "POST",
    headers: { "content-type": "application/protobuf" },
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/flower-protobuf-stream");
  resolve();
  const [bytes] = await Array.fromAsync(answer.body!);
  assert.match(new TextDecoder().decode(bytes), /at last$/);
  await server.close(1);
});
