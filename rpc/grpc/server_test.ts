import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect as connectHttp2 } from "node:http2";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { FlwrError } from "../../base/error.ts";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import { Fleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import { Health, HealthCheckResponse_ServingStatus } from "../../proto/gen/health/health_pb.ts";
import { parseAddress } from "../address.ts";
import type { Channel } from "../channel.ts";
import { openChannel } from "./channel.ts";
import { NO_RETRY } from "../retry.ts";
import { startServer } from "./server.ts";
import type { RpcServer } from "../server.ts";
import { serveDriver } from "../testing/driver.ts";

const open = (server: RpcServer): Channel =>
  openChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });

const fails = (code: string, message: string | RegExp) => (error: unknown) => {
  assert.ok(error instanceof FlwrError, String(error));
  assert.equal(error.code, code, error.message);
  if (typeof message === "string") assert.equal(error.message, message);
  else assert.match(error.message, message);
  return true;
};

Deno.test("a call carries its request, its caller and headers both ways", async () => {
  const server = await serveDriver({
    getNodes: ({ runId }, call) => {
      assert.equal(call.method, "/flwr.proto.Driver/GetNodes");
      assert.match(call.peer, /^127\.0\.0\.1:\d+$/);
      assert.equal(call.caller, "key of GetNodes, 10 bytes");
      call.setHeader("public-key", "ours");
      return Promise.resolve({ nodes: [{ nodeId: runId }] });
    },
  }, {
    authenticate: (call, method, bytes) =>
      Promise.resolve(`${call.header("public-key")} of ${method.name}, ${bytes.length} bytes`),
  });
  const channel = open(server);
  const { response, header } = await channel.call(Driver.method.getNodes, { runId: -(2n ** 62n) }, {
    metadata: (bytes) => Promise.resolve({ "public-key": "key", "length": String(bytes.length) }),
  });
  assert.equal(response.nodes[0]?.nodeId, -(2n ** 62n));
  assert.equal(header("public-key"), "ours");
  assert.equal(header("other"), undefined);
  channel.close();
  await server.close(1);
});

Deno.test("a FlwrError reaches the caller, any other error is hidden", async () => {
  const server = await serveDriver({
    createRun: () => Promise.reject(new FlwrError("unauthenticated", "Access denied")),
    getNodes: () => Promise.reject(new Error("/etc/flwr/server.key")),
    pullTaskRes: () => {
      throw new TypeError("a bug");
    },
  });
  const channel = open(server);
  const { method } = Driver;
  await assert.rejects(
    channel.call(method.createRun, {}),
    fails("unauthenticated", "Access denied"),
  );
  await assert.rejects(channel.call(method.getNodes, {}), fails("internal", "Internal error"));
  await assert.rejects(channel.call(method.pullTaskRes, {}), fails("internal", "Internal error"));
  await assert.rejects(channel.call(Fleet.method.ping, {}), fails("unimplemented", /Fleet\/Ping/));
  channel.close();
  await server.close(1);
});

Deno.test("bytes that do not decode are refused with Flower 1.9's text", async () => {
  const server = await serveDriver({}, {
    authenticate: () => Promise.reject(new Error("reached")),
  });
  const client = new Client(server.address, credentials.createInsecure());
  const same = (bytes: Buffer) => bytes;
  // A truncated field, and a text field that is not UTF-8: Flower 1.9 refuses both.
  for (const hex of ["0a05", "0a01ff"]) {
    const error = await new Promise<ServiceError | null>((resolve) =>
      client.makeUnaryRequest(
        "/flwr.proto.Driver/CreateRun",
        same,
        same,
        Buffer.from(hex, "hex"),
        new Metadata(),
        resolve,
      )
    );
    assert.equal(error?.details, "Exception deserializing request!", hex);
    assert.equal(error?.code, 13);
  }
  client.close();
  await server.close(1);
});

Deno.test("a call that is not admitted is refused before its body is read", async () => {
  let decoded = 0;
  const server = await serveDriver({}, {
    admit: (call) => {
      if (call.header("public-key") !== "known") {
        throw new FlwrError("unauthenticated", "Access denied");
      }
    },
    authenticate: (_call, _method, bytes) => {
      decoded += bytes.length;
      return Promise.resolve("known");
    },
  });
  const channel = open(server);
  const large = { fabId: "x".repeat(8_000_000) };
  await assert.rejects(
    channel.call(Driver.method.createRun, large),
    fails("unauthenticated", "Access denied"),
  );
  assert.equal(decoded, 0);
  const metadata = () => Promise.resolve({ "public-key": "known" });
  await channel.call(Driver.method.createRun, large, { metadata });
  assert.ok(decoded > 8_000_000);
  channel.close();
  await server.close(1);
});

/**
 * Starts a server whose PullTaskRes waits to be released, and records what its handler saw.
 *
 * @param responseBytes size of the response
 */
async function serveHeld(responseBytes = 30_000_000) {
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const delivered = Promise.withResolvers<boolean>();
  const server = await serveDriver({
    pullTaskRes: async (_request, call) => {
      call.signal.addEventListener("abort", () => aborted.resolve());
      call.delivered.then(delivered.resolve);
      started.resolve();
      await Promise.race([release.promise, aborted.promise]);
      return { taskResList: [{ groupId: "x".repeat(responseBytes) }] };
    },
  });
  return { server, started, release, aborted, delivered, channel: open(server) };
}

Deno.test("a received response counts as delivered, and its call is not aborted", async () => {
  const { server, channel, release, delivered, aborted } = await serveHeld();
  release.resolve();
  const { response } = await channel.call(Driver.method.pullTaskRes, {});
  assert.equal(response.taskResList[0]?.groupId.length, 30_000_000);
  assert.equal(await delivered.promise, true);
  const outcome = await Promise.race([
    aborted.promise.then(() => "aborted"),
    Promise.resolve("no"),
  ]);
  assert.equal(outcome, "no");
  channel.close();
  await server.close(1);
});

Deno.test("a call that its caller cancels is aborted and not delivered", async () => {
  const { server, channel, started, aborted, delivered } = await serveHeld();
  const controller = new AbortController();
  const call = channel.call(Driver.method.pullTaskRes, {}, { signal: controller.signal });
  await started.promise;
  controller.abort();
  await assert.rejects(call, fails("cancelled", "The call was cancelled"));
  await aborted.promise;
  assert.equal(await delivered.promise, false);
  channel.close();
  await server.close(1);
});

Deno.test("a call whose deadline passes is aborted and not delivered", async () => {
  const { server, channel, started, aborted, delivered } = await serveHeld();
  let reached = false;
  started.promise.then(() => reached = true);
  // On a busy machine the first deadlines can pass before the call reaches the server.
  for (let timeoutSeconds = 0.2; !reached; timeoutSeconds *= 2) {
    await assert.rejects(
      channel.call(Driver.method.pullTaskRes, {}, { timeoutSeconds }),
      fails("deadline-exceeded", `"${server.address}" did not answer within ${timeoutSeconds} s`),
    );
  }
  await aborted.promise;
  assert.equal(await delivered.promise, false);
  channel.close();
  await server.close(1);
});

Deno.test("a call whose connection breaks is aborted and not delivered", async () => {
  const { server, channel, started, aborted, delivered } = await serveHeld();
  const call = channel.call(Driver.method.pullTaskRes, {});
  await started.promise;
  channel.close();
  await assert.rejects(call, fails("cancelled", `The connection to "${server.address}" is closed`));
  await aborted.promise;
  assert.equal(await delivered.promise, false);
  await server.close(1);
});

Deno.test("a closing server lets open calls end", async () => {
  // small, because Deno's HTTP/2 client can lose the end of a large response after GOAWAY
  const { server, channel, started, release } = await serveHeld(1000);
  const call = channel.call(Driver.method.pullTaskRes, {});
  await started.promise;
  const closed = server.close(10);
  release.resolve();
  assert.equal((await call).response.taskResList.length, 1);
  await closed;
  await assert.rejects(channel.call(Driver.method.createRun, {}), fails("unavailable", /refused/));
  channel.close();
});

Deno.test("a closing server cancels calls that outlast the grace period", async () => {
  const { server, channel, started, aborted, delivered } = await serveHeld();
  const call = channel.call(Driver.method.pullTaskRes, {});
  await started.promise;
  const refused = assert.rejects(call, fails("unavailable", /cancelled/));
  await server.close(0.1);
  await aborted.promise;
  assert.equal(await delivered.promise, false);
  await refused;
  channel.close();
});

Deno.test("a port in use and an address of another machine are named", async () => {
  const server = await serveDriver();
  await assert.rejects(
    serveDriver({}, { address: server.address }),
    fails("unavailable", `Cannot listen on "${server.address}": the port is in use`),
  );
  await assert.rejects(
    serveDriver({}, { address: "192.0.2.1:9092" }),
    fails(
      "unavailable",
      'Cannot listen on "192.0.2.1:9092": this machine does not have that address',
    ),
  );
  await server.close(1);
});

Deno.test("every server answers health checks", async () => {
  const server = await serveDriver();
  const channel = open(server);
  const check = Health.method.check;
  for (const service of ["", "flwr.proto.Driver", "grpc.health.v1.Health"]) {
    const { response } = await channel.call(check, { service });
    assert.equal(response.status, HealthCheckResponse_ServingStatus.SERVING);
  }
  await assert.rejects(
    channel.call(check, { service: "flwr.proto.Fleet" }),
    fails("not-found", 'Service "flwr.proto.Fleet" does not exist on this server'),
  );
  channel.close();
  await server.close(1);
});

Deno.test("a server that is about to stop says so in health checks, also to those that watch", async () => {
  const stopping = new AbortController();
  const server = await serveDriver({}, { stopping: stopping.signal });
  const channel = open(server);
  const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;
  const watch = (service: string) =>
    channel.stream(Health.method.watch, { service })[Symbol.asyncIterator]();
  const [known, unknown] = [watch("flwr.proto.Driver"), watch("flwr.proto.Fleet")];
  assert.equal((await known.next()).value.status, SERVING);
  assert.equal((await unknown.next()).value.status, SERVICE_UNKNOWN);

  stopping.abort();
  assert.equal((await known.next()).value.status, NOT_SERVING);
  assert.deepEqual([(await known.next()).done, (await unknown.next()).done], [true, true]);
  const { response } = await channel.call(Health.method.check, { service: "" });
  assert.equal(response.status, NOT_SERVING);
  assert.equal((await watch("").next()).value.status, NOT_SERVING);
  channel.close();
  await server.close(1);
});

Deno.test("a response that is not read to its end does not count as delivered", async () => {
  const { server, channel, release, delivered } = await serveHeld();
  release.resolve();
  const session = connectHttp2(`http://${server.address}`);
  const stream = session.request({
    ":method": "POST",
    ":path": "/flwr.proto.Driver/PullTaskRes",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.end(Buffer.alloc(5)); // an empty message
  await new Promise((resolve) => stream.once("response", resolve));
  stream.pause();
  session.destroy();
  assert.equal(await delivered.promise, false);
  channel.close();
  await server.close(1);
});

Deno.test("a peer that never closes its end does not stop the server from closing", async () => {
  const server = await startServer({ address: "127.0.0.1:0", services: [] });
  const { host, port } = parseAddress(server.address);
  using silent = await Deno.connect({ hostname: host, port });
  // HTTP/2's preface and an empty SETTINGS frame: a session that then sends nothing more
  const hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
  await silent.write(new TextEncoder().encode(hello));
  await silent.read(new Uint8Array(1024));
  await server.close(0);
});
