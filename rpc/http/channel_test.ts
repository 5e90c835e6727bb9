import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { eventually } from "../../tests/support/deadline.ts";
import { silentServer } from "../../tests/support/silent_server.ts";
import {
  Control,
  ListRunsRequestSchema,
  ListRunsResponseSchema,
} from "../../proto/gen/current/control_pb.ts";
import { ApiError } from "../api_error.ts";
import type { CallOptions } from "../channel.ts";
import { NO_RETRY, type Retry } from "../retry.ts";
import { bindControl, serveGrpc, serveHttp } from "../testing/control.ts";
import { openHttpChannel } from "./channel.ts";
import { assertError, binding, tryCall } from "../testing/control_call.ts";

/** Starts a web server that is not a SuperLink. */
async function serveWeb(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

Deno.test("a gRPC server is recognised", async () => {
  const server = await serveGrpc(binding);
  assertError(
    await tryCall(server.address),
    "failed-precondition",
    `"${server.address}" is not a Flower SuperLink: it accepts only HTTP/2`,
  );
  assertError(
    await tryCall(server.address, {}),
    "failed-precondition",
    `"${server.address}" does not use TLS`,
  );
  await server.close(1);
});

Deno.test("an unreachable server is a retryable error with hints", async () => {
  const server = await serveHttp(binding);
  await server.close(0);
  assertError(
    await tryCall(server.address),
    "unavailable",
    `Cannot reach "${server.address}": connection refused`,
  );
  assertError(
    await tryCall("no-such-host.invalid:8000"),
    "unavailable",
    'Cannot reach "no-such-host.invalid:8000": no such host name',
  );
});

Deno.test("a port number that web clients refuse is named", async () => {
  assertError(await tryCall("127.0.0.1:6000"), "invalid-argument", "Port 6000 is blocked for HTTP");
});

const answers: [string, RequestListener, string, string | RegExp][] = [
  [
    "a page",
    (_request, response) => {
      response.writeHead(404, { "content-type": "text/html" }).end("<h1>404</h1>");
    },
    "failed-precondition",
    /is not a Flower SuperLink: it answered with HTTP status 404$/,
  ],
  [
    "a page that is fine",
    (_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hi</h1>");
    },
    "failed-precondition",
    /is not a Flower SuperLink: it answered with HTTP status 200$/,
  ],
  [
    "a way elsewhere",
    (_request, response) => {
      response.writeHead(307, { location: "http://127.0.0.1:1/" }).end();
    },
    "failed-precondition",
    /is not a Flower SuperLink: it answered with HTTP status 307$/,
  ],
  [
    "a proxy without its server",
    (_request, response) => {
      response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
    },
    "unavailable",
    /answered with HTTP status 502$/,
  ],
  [
    "JSON that is not Flower's",
    (_request, response) => {
      response.writeHead(400, { "content-type": "application/json" }).end('{"error":1}');
    },
    "failed-precondition",
    /is not a Flower SuperLink/,
  ],
  [
    "a path that it does not have",
    (_request, response) => {
      response.writeHead(404, { "content-type": "application/json" }).end('{"detail":"Not Found"}');
    },
    "unimplemented",
    /does not know \/v1\/control\/list-runs$/,
  ],
  [
    "a number that has no name here",
    (_request, response) => {
      response.writeHead(412, { "content-type": "application/json" })
        .end('{"code":4711,"detail":"No.","extra":"Really."}');
    },
    "failed-precondition",
    "[code: 4711] No. Really.",
  ],
  [
    "a message cut short",
    (_request, response) => {
      response.writeHead(200, { "content-type": "application/protobuf", "content-length": 100 });
      response.write("abc", () => response.destroy());
    },
    "unavailable",
    /^The connection to ".*" broke$/,
  ],
  [
    "what is no message",
    (_request, response) => {
      response.writeHead(200, { "content-type": "application/protobuf" }).end("\x12\x50");
    },
    "data-loss",
    /did not answer with a ListRunsResponse$/,
  ],
];

for (const [what, listener, code, message] of answers) {
  Deno.test(`${what} is explained`, async () => {
    const web = await serveWeb(listener);
    assertError(await tryCall(web.address), code, message);
    await web.close();
  });
}

Deno.test("a numbered error keeps its number", async () => {
  const refusing = bindControl({
    listRuns: () => Promise.reject(new ApiError("run-not-found", "Run ID not found.")),
  });
  const server = await serveHttp(refusing);
  const outcome = await tryCall(server.address);
  assert.ok(outcome instanceof ApiError);
  assert.deepEqual([outcome.api, outcome.number, outcome.message], [
    "run-not-found",
    16,
    "Run ID not found.",
  ]);
  await server.close(1);
});

Deno.test("a call is retried until the server starts, and reports each attempt", async () => {
  const gone = await serveHttp(binding);
  await gone.close(0);
  const retries: Retry[] = [];
  let server: typeof gone | undefined;
  const channel = openHttpChannel({
    address: gone.address,
    tls: "insecure",
    onRetry: (retry) => retries.push(retry),
    clock: {
      now: () => 0,
      sleep: async () => {
        if (retries.length === 3) server = await serveHttp(binding, { address: gone.address });
      },
    },
  });
  const { response } = await channel.call(Control.method.listRuns, {});
  assert.equal(response.now, "now");
  assert.deepEqual(retries.map(({ attempt }) => attempt), [1, 2, 3]);
  channel.close();
  await server?.close(1);
});

Deno.test("a call that is not answered in time ends", async () => {
  const held = Promise.withResolvers<void>();
  const server = await serveHttp(bindControl({
    listRuns: async (_request, { signal }) => {
      signal.addEventListener("abort", () => held.resolve());
      await held.promise;
      return {};
    },
  }));
  const channel = openHttpChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  await assert.rejects(channel.call(Control.method.listRuns, {}, { timeoutSeconds: 0.1 }), {
    code: "deadline-exceeded",
    message: `"${server.address}" did not answer within 0.1 s`,
  });
  await held.promise;
  channel.close();
  await server.close(1);
});

Deno.test("calls share few connections, and a long poll delays no other call", async () => {
  const release = Promise.withResolvers<void>();
  const peers = new Set<string>();
  const server = await serveHttp(bindControl({
    listRuns: (_request, { peer }) => {
      peers.add(peer);
      return Promise.resolve({});
    },
    stopRun: async (_request, { peer }) => {
      peers.add(peer);
      await release.promise;
      return { success: true };
    },
  }));
  const channel = openHttpChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  for (let i = 0; i < 10; i++) await channel.call(Control.method.listRuns, {});
  assert.equal(peers.size, 1);
  const held = channel.call(Control.method.stopRun, {});
  for (let i = 0; i < 10; i++) await channel.call(Control.method.listRuns, {});
  assert.equal(peers.size, 2);
  release.resolve();
  assert.equal((await held).response.success, true);
  channel.close();
  await server.close(1);
});

Deno.test("a loopback address is called without a proxy", async () => {
  const server = await serveHttp(binding);
  const before = Deno.env.get("HTTP_PROXY");
  Deno.env.set("HTTP_PROXY", "http://127.0.0.1:9");
  try {
    assert.equal(await tryCall(server.address), "now");
  } finally {
    if (before === undefined) Deno.env.delete("HTTP_PROXY");
    else Deno.env.set("HTTP_PROXY", before);
  }
  await server.close(1);
});

Deno.test("a closed channel makes no calls", async () => {
  const server = await serveHttp(binding);
  const channel = openHttpChannel({ address: server.address, tls: "insecure" });
  channel.close();
  await assert.rejects(channel.call(Control.method.listRuns, {}), {
    message: `The connection to "${server.address}" is closed`,
  });
  await server.close(1);
});

Deno.test("a call whose connection breaks is not sent again without a new signature", async () => {
  const message = toBinary(ListRunsResponseSchema, create(ListRunsResponseSchema, { now: "now" }));
  const received: (number | undefined)[] = [];
  const ports = new Set<number | undefined>();
  const server = await serveWeb((request, response) => {
    request.resume().on("end", () => {
      received.push(Number(request.headers["content-length"]));
      ports.add(request.socket.remotePort);
      if (received.length > 1) return request.socket.destroy();
      response.writeHead(200, { "content-type": "application/protobuf" }).end(message);
    });
  });
  const channel = openHttpChannel({ ...server, tls: "insecure", retry: NO_RETRY });
  const request = { runId: 7n };
  await channel.call(Control.method.listRuns, request);
  await assert.rejects(channel.call(Control.method.listRuns, request), { code: "unavailable" });
  channel.close();
  await server.close();
  const { length } = toBinary(ListRunsRequestSchema, create(ListRunsRequestSchema, request));
  assert.deepEqual(received, [length, length]);
  assert.equal(ports.size, 1, "the second call used the first one's connection");
});

Deno.test("a response must begin in time, and may then take longer", async () => {
  const message = toBinary(ListRunsResponseSchema, create(ListRunsResponseSchema, { now: "now" }));
  let begins = false;
  const server = await serveWeb((_request, response) => {
    if (!begins) return;
    response.writeHead(200, {
      "content-type": "application/protobuf",
      "content-length": message.length,
    });
    response.write(message.subarray(0, 1));
    // A fixed time, because the subject is a real one: longer than the answer's second.
    setTimeout(() => response.end(message.subarray(1)), 1500);
  });
  const channel = openHttpChannel({ ...server, tls: "insecure", retry: NO_RETRY });
  const call = () =>
    channel.call(Control.method.listRuns, {}, { timeoutSeconds: 60, answerSeconds: 1 });
  await assert.rejects(call(), { code: "deadline-exceeded", message: /within 1 s$/ });
  begins = true;
  assert.equal((await call()).response.now, "now");
  channel.close();
  await server.close();
});

Deno.test("an answer that is not whole in time is given up after the time of the whole call", async () => {
  let begins = true;
  const server = await serveWeb((_request, response) => {
    if (!begins) return;
    response.writeHead(200, { "content-type": "application/protobuf", "content-length": 9 });
    response.write(new Uint8Array(1));
  });
  const channel = openHttpChannel({ ...server, tls: "insecure", retry: NO_RETRY });
  const call = (options: CallOptions) => channel.call(Control.method.listRuns, {}, options);
  await assert.rejects(call({ timeoutSeconds: 0.8 }), {
    code: "deadline-exceeded",
    message: `"${channel.address}" did not send its whole answer within 0.8 s`,
  });
  begins = false;
  await assert.rejects(call({ timeoutSeconds: 0.2 }), {
    code: "deadline-exceeded",
    message: `"${channel.address}" did not answer within 0.2 s`,
  });
  channel.close();
  await server.close();
});

Deno.test("a call that is given up does not ask its server what is wrong", async () => {
  using server = silentServer();
  const channel = openHttpChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  const giveUp = new AbortController();
  const { signal } = giveUp;
  const call = channel.call(Control.method.listRuns, {}, { signal });
  const refused = assert.rejects(call, { code: "cancelled" });
  await eventually(() => server.taken === 1, 20, "the connection");
  giveUp.abort();
  await refused;
  assert.equal(server.taken, 1);
  channel.close();
});
