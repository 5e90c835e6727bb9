/** gRPC responses that their callers do not read: they end and release their memory. */
import assert from "node:assert/strict";
import { Control } from "../proto/gen/current/control_pb.ts";
import type { Driver } from "../proto/gen/flwr-1.9/driver_pb.ts";
import { ByteBudget } from "./byte_budget.ts";
import {
  DEFAULT_WINDOW_BYTES,
  ERROR,
  FLAG,
  FRAME,
  frame,
  readUint32,
  uint32s,
} from "./http2/protocol.ts";
import { bodyBudgets } from "./body_budgets.ts";
import type { PaceLimits } from "./body_pace.ts";
import type { ServiceHandlers } from "./service.ts";
import { bindControl, serveGrpc } from "./testing/control.ts";
import { serveDriver } from "./testing/driver.ts";
import { callHeaders, headersFrame, RawHttp2 } from "./testing/raw_http2.ts";

const BUDGET = 4 * 2 ** 20;
const GET_NODES = "/flwr.proto.Driver/GetNodes";

/** Starts a server whose GetNodes responses use the whole budget. */
async function serveLarge(pace: PaceLimits) {
  const answers = new ByteBudget({ bytes: BUDGET, slowBytes: 0 });
  const delivered = Promise.withResolvers<boolean>();
  const getNodes: ServiceHandlers<typeof Driver, string>["getNodes"] = async (_request, call) => {
    call.delivered.then(delivered.resolve);
    await call.reserve(BUDGET);
    return { nodes: Array.from({ length: 100_000 }, (_, i) => ({ nodeId: BigInt(i) })) };
  };
  const server = await serveDriver({ getNodes }, {
    pace,
    budgets: { ...bodyBudgets(), responses: answers },
  });
  return { server, answers, delivered: delivered.promise };
}

function call(id: number, path: string, more: [string, string][] = []): Uint8Array[] {
  return [
    headersFrame(id, callHeaders(path, more), 0),
    frame(FRAME.data, FLAG.endStream, id, new Uint8Array(5)),
  ];
}

async function resetWith(client: RawHttp2): Promise<number[]> {
  const reset = await client.nextOf(FRAME.rstStream);
  return [reset!.streamId, readUint32(reset!.payload, 0)];
}

const CASES: Readonly<Record<string, { pace: PaceLimits; more: [string, string][] }>> = {
  "at the pace of a body": { pace: { graceSeconds: 0.1, minBytesPerSecond: 1e7 }, more: [] },
  "within its call's time": {
    pace: { graceSeconds: 1000, minBytesPerSecond: 1 },
    more: [["grpc-timeout", "300m"]],
  },
};

for (const [what, { pace, more }] of Object.entries(CASES)) {
  Deno.test(`an unread response ${what} ends, and its bytes are released`, async () => {
    const { server, answers, delivered } = await serveLarge(pace);
    using client = await RawHttp2.open(server.address);
    await client.send(...call(1, GET_NODES, more));
    assert.deepEqual(await resetWith(client), [1, ERROR.cancel]);
    assert.equal(await delivered, false);
    assert.equal(answers.free, BUDGET);
    // The connection is still usable.
    await client.send(...call(3, "/flwr.proto.Driver/Nothing"));
    assert.equal((await client.nextOf(FRAME.headers))?.streamId, 3);
    await server.close(1);
  });
}

Deno.test("a response whose last bytes are not read ends too", async () => {
  const { server, answers, delivered } = await serveLarge({
    graceSeconds: 1,
    minBytesPerSecond: 1e9,
  });
  using client = await RawHttp2.open(server.address);
  await client.send(...call(1, GET_NODES));
  const first = await client.nextOf(FRAME.data);
  const all = 5 + readUint32(first!.payload, 1);
  // All but a rest that fits the buffer: the handler has finished, but the response has not.
  await client.send(
    frame(FRAME.windowUpdate, 0, 0, uint32s(2 ** 24)),
    frame(FRAME.windowUpdate, 0, 1, uint32s(all - 1000 - DEFAULT_WINDOW_BYTES)),
  );
  let taken = first!.payload.length;
  for (let next = await client.next(); next?.type !== FRAME.rstStream; next = await client.next()) {
    assert.ok(next !== undefined);
    if (next.type === FRAME.data) taken += next.payload.length;
  }
  assert.equal(taken, all - 1000);
  assert.equal(await delivered, false);
  assert.equal(answers.free, BUDGET);
  await server.close(1);
});

Deno.test("a response that is read slowly may exceed the grace period", async () => {
  const { server, delivered } = await serveLarge({ graceSeconds: 0.2, minBytesPerSecond: 1 });
  using client = await RawHttp2.open(server.address);
  await client.send(...call(1, GET_NODES));
  await client.send(frame(FRAME.windowUpdate, 0, 0, uint32s(2 ** 24)));
  // A second call, which is not read at all, shows when the grace period is over.
  await client.send(...call(3, "/flwr.proto.Driver/GetNodes").slice(0, 1));
  for (let next = await client.next(); next?.streamId !== 3; next = await client.next()) {
    assert.ok(next !== undefined);
  }
  await client.send(frame(FRAME.windowUpdate, 0, 1, uint32s(2 ** 24)));
  assert.equal(await delivered, true);
  await server.close(1);
});

Deno.test("a stream may pause between messages, but not within one", async () => {
  const more = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const binding = bindControl({
    async *streamLogs(_request, call) {
      call.signal.addEventListener("abort", () => aborted.resolve());
      yield { logOutput: "first" };
      await more.promise;
      yield { logOutput: "x".repeat(1_000_000) };
      yield { logOutput: "never" };
    },
  });
  const pace = { graceSeconds: 0.1, minBytesPerSecond: 1e9 };
  const server = await serveGrpc(binding, { pace });
  using client = await RawHttp2.open(server.address);
  const path = `/${Control.typeName}/${Control.method.streamLogs.name}`;
  await client.send(...call(1, path));
  assert.equal((await client.nextOf(FRAME.data))?.streamId, 1);
  // A second call without a request shows when the grace period is over.
  await client.send(...call(3, path).slice(0, 1));
  assert.equal((await client.nextOf(FRAME.headers))?.streamId, 3);
  assert.deepEqual(await resetWith(client), [3, ERROR.none]);
  more.resolve();
  assert.deepEqual(await resetWith(client), [1, ERROR.cancel]);
  await aborted.promise;
  await server.close(1);
});
