import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { status as Status } from "@grpc/grpc-js";
import { FlwrError } from "../base/error.ts";
import { Driver } from "../proto/gen/flwr-1.9/driver_pb.ts";
import { openChannel } from "./grpc/channel.ts";
import { GrpcMessageReader } from "./grpc/grpc_message.ts";
import { NO_RETRY } from "./retry.ts";
import { serveDriver } from "./testing/driver.ts";

/** A call whose request bytes the test chooses. */
class RawCall {
  readonly stream: ClientHttp2Stream;
  /** The name of its gRPC status. */
  readonly status: Promise<string>;
  /** Resolves with the HTTP/2 error code when the server ends the stream before the request is complete. */
  readonly closed: Promise<number | undefined>;

  /** @param method a method of 1.9's Driver service, or a full path */
  constructor(session: ClientHttp2Session, method: string, headers: Record<string, string> = {}) {
    this.stream = session.request({
      ":method": "POST",
      ":path": method.startsWith("/") ? method : `/flwr.proto.Driver/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    this.stream.on("error", () => {}).resume();
    const { promise, resolve } = Promise.withResolvers<string>();
    const take = (head: Record<string, unknown>) => {
      const code = head["grpc-status"];
      if (code !== undefined) resolve(Status[Number(code)]!);
    };
    this.stream.on("response", take).on("trailers", take);
    this.status = promise;
    this.closed = once(this.stream, "aborted").then(() => this.stream.rstCode);
  }

  /** The prefix of a message with this number of bytes. */
  announce(length: number, compressed = 0): this {
    const head = Buffer.alloc(5, compressed);
    head.writeUInt32BE(length, 1);
    this.stream.write(head);
    return this;
  }
}

async function withSession(
  address: string,
  run: (session: ClientHttp2Session) => Promise<void>,
): Promise<void> {
  const session = connect(`http://${address}`);
  session.on("error", () => {});
  try {
    await run(session);
  } finally {
    session.destroy();
  }
}

Deno.test("a request that arrives too slowly is ended, others are answered", async () => {
  // Long enough for the good request's two frames on a busy machine: they are sent at once.
  const server = await serveDriver({}, { pace: { graceSeconds: 0.5, minBytesPerSecond: 1e6 } });
  await withSession(server.address, async (session) => {
    const silent = new RawCall(session, "CreateRun");
    const stuck = new RawCall(session, "PushTaskIns").announce(500_000_000);
    const endless = new RawCall(session, "PushTaskIns").announce(2);
    endless.stream.write(Buffer.alloc(2)); // complete, but never ended
    for (const slow of [silent, stuck, endless]) {
      assert.equal(await slow.status, "UNAVAILABLE");
      assert.equal(await slow.closed, constants.NGHTTP2_NO_ERROR);
    }
    const good = new RawCall(session, "CreateRun");
    good.stream.end(Buffer.alloc(5));
    assert.equal(await good.status, "OK");
  });
  await server.close(1);
});

Deno.test("a request that arrives fast enough may exceed the grace period", async () => {
  const server = await serveDriver({}, { pace: { graceSeconds: 0.05, minBytesPerSecond: 1 } });
  await withSession(server.address, async (session) => {
    const slow = new RawCall(session, "CreateRun");
    const ended = new RawCall(session, "PushTaskIns").announce(1000);
    ended.stream.write(Buffer.alloc(999));
    assert.equal(await slow.status, "UNAVAILABLE", "the grace is over");
    ended.stream.end(Buffer.alloc(1));
    assert.notEqual(await ended.status, "UNAVAILABLE");
  });
  await server.close(1);
});

Deno.test("a request above its method's limit is refused by its first bytes, and its rest is not read", async () => {
  const server = await serveDriver({}, {
    maxRequestBytes: ({ name }) => name === "CreateRun" ? 1000 : 2000,
  });
  await withSession(server.address, async (session) => {
    const large = new RawCall(session, "CreateRun").announce(1001);
    assert.equal(await large.status, "RESOURCE_EXHAUSTED");
    assert.equal(await large.closed, constants.NGHTTP2_NO_ERROR);
    const fitting = new RawCall(session, "CreateRun").announce(1000);
    fitting.stream.end(Buffer.alloc(1000));
    assert.notEqual(await fitting.status, "RESOURCE_EXHAUSTED");
  });
  await server.close(1);
});

Deno.test("a compressed request must stay within its method's limit", async () => {
  const server = await serveDriver({}, { maxRequestBytes: () => 1000 });
  await withSession(server.address, async (session) => {
    const bomb = gzipSync(new Uint8Array(100_000));
    assert.ok(bomb.length < 1000);
    const call = new RawCall(session, "CreateRun", { "grpc-encoding": "gzip" })
      .announce(bomb.length, 1);
    call.stream.end(bomb);
    assert.equal(await call.status, "RESOURCE_EXHAUSTED");
  });
  await server.close(1);
});

Deno.test("a health check, which anyone may send, is small, compressed or not", async () => {
  const server = await serveDriver();
  const check = "/grpc.health.v1.Health/Check";
  await withSession(server.address, async (session) => {
    const large = new RawCall(session, check).announce(1025);
    assert.equal(await large.status, "RESOURCE_EXHAUSTED");
    assert.equal(await large.closed, constants.NGHTTP2_NO_ERROR);
    for (const inflated of [1100, 100_000]) {
      const bomb = gzipSync(new Uint8Array(inflated));
      assert.ok(bomb.length < 1024);
      const call = new RawCall(session, check, { "grpc-encoding": "gzip" })
        .announce(bomb.length, 1);
      call.stream.end(bomb);
      assert.equal(await call.status, "RESOURCE_EXHAUSTED");
    }
    const packed = new RawCall(session, check, { "grpc-encoding": "gzip" }).announce(2000, 1);
    assert.equal(await packed.status, "RESOURCE_EXHAUSTED", "the compressed bytes count, too");
    const empty = new RawCall(session, check);
    empty.stream.end(Buffer.alloc(5));
    assert.equal(await empty.status, "OK");
  });
  await server.close(1);
});

Deno.test("decompression ends at the limit, not at the end of the message", async () => {
  const limit = 64 * 1024;
  const reader = new GrpcMessageReader(limit);
  const bomb = gzipSync(new Uint8Array(1000 * limit));
  // The data after the limit is damaged, so reading on would give another error.
  bomb.fill(0xff, bomb.length / 2);
  const head = Buffer.alloc(5, 1);
  head.writeUInt32BE(bomb.length, 1);
  reader.append(Buffer.concat([head, bomb]));
  await assert.rejects(reader.end("gzip"), { code: "resource-exhausted" });
});

Deno.test("a call that is not admitted sends no more than its first window", async () => {
  const server = await serveDriver({}, {
    admit: () => {
      throw new FlwrError("unauthenticated", "Access denied");
    },
  });
  await withSession(server.address, async (session) => {
    const refused = new RawCall(session, "PushTaskIns").announce(500_000_000);
    const model = Buffer.alloc(8_000_000);
    refused.stream.write(model);
    assert.equal(await refused.status, "UNAUTHENTICATED");
    assert.equal(await refused.closed, constants.NGHTTP2_NO_ERROR);
  });
  const channel = openChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  const large = { taskInsList: [{ groupId: "x".repeat(30_000_000) }] };
  await assert.rejects(channel.call(Driver.method.pushTaskIns, large), {
    code: "unauthenticated",
    message: "Access denied",
  });
  channel.close();
  await server.close(1);
});
