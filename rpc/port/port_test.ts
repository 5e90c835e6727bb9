import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { type GetNodesRequest, Runtime } from "../../proto/gen/current/runtime_pb.ts";
import { ApiError } from "../api_error.ts";
import type { AuthenticatedCall } from "../call.ts";
import { bindService, type ServiceHandlers } from "../service.ts";
import { MAX_OPEN_PORT_BYTES, MAX_OPEN_PORT_CALLS, PortCalls } from "./calls.ts";
import { PortChannel } from "./channel.ts";
import { encode } from "../codec.ts";
import { MAX_BATCH_REQUEST_UNITS, MAX_REQUEST_UNITS } from "../limits.ts";
import type { PortRequest, PortResponse } from "./protocol.ts";

type Caller = { readonly token: string | undefined };

/** Connects a channel and its host; messages are cloned or transferred as between threads. */
function connect(handlers: Partial<ServiceHandlers<typeof Runtime, Caller>>) {
  const service = bindService(Runtime, {
    authenticate: (call) => Promise.resolve({ token: call.header("flwr-task-token") }),
    handlers: handlers as ServiceHandlers<typeof Runtime, Caller>,
  });
  const requests: PortRequest[] = [];
  const channel = new PortChannel((request, transfer) => {
    const arrived = structuredClone(request, { transfer });
    requests.push(arrived);
    queueMicrotask(() => calls.handleRequest(arrived));
  });
  const calls: PortCalls = new PortCalls({
    service,
    offered: new Set(["GetNodes", "PullObject", "PushTaskOutput"]),
    headers: { "flwr-task-token": "secret" },
    peer: "the worker",
    post: (answer: PortResponse, transfer) => {
      const arrived = structuredClone(answer, { transfer });
      queueMicrotask(() => channel.handleResponse(arrived));
    },
  });
  return { channel, calls, requests };
}

/** A call that waits. */
async function untilAborted(signal: AbortSignal): Promise<Record<string, never>> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
  return {};
}

const { getNodes, pullMessages, pullObject, pushObject, pushTaskOutput, pushLogs } = Runtime.method;

Deno.test("port: a call reaches its handler with the host's headers, and its response the caller", async () => {
  const content = new Uint8Array(100_000).map((_, index) => index % 251);
  const { channel, calls } = connect({
    getNodes: (_request: GetNodesRequest, { caller }: AuthenticatedCall<Caller>) =>
      Promise.resolve({ nodes: [{ nodeId: 7n, status: caller.token }] }),
    pullObject: ({ objectId }) =>
      Promise.resolve({ objectFound: objectId === "a", objectContent: content }),
  });
  await using _ = calls;
  const { response } = await channel.call(getNodes, {});
  assert.deepEqual(response.nodes.map(({ nodeId, status }) => [nodeId, status]), [[7n, "secret"]]);
  const [one, two] = await Promise.all([
    channel.call(pullObject, { objectId: "a" }),
    channel.call(pullObject, { objectId: "b" }),
  ]);
  assert.deepEqual([one.response.objectFound, two.response.objectFound], [true, false]);
  assert.deepEqual(one.response.objectContent, content);
});

Deno.test("port: errors arrive with code, number and message, except internal errors", async () => {
  let error: Error = new FlwrError("not-found", "There is no such object");
  const { channel, calls } = connect({ pullObject: () => Promise.reject(error) });
  await using _ = calls;
  const thrown = () => channel.call(pullObject, {}).then(() => undefined, (error) => error);
  const plain = await thrown();
  assert.deepEqual([plain.code, plain.message], ["not-found", "There is no such object"]);
  error = new ApiError("task-token-invalid", "The token is void");
  const numbered = await thrown();
  assert.ok(numbered instanceof ApiError);
  assert.deepEqual([numbered.number, numbered.message], [1008, "The token is void"]);
  error = new TypeError("x is not a function");
  const hidden = await thrown();
  assert.deepEqual([hidden.code, hidden.message], ["internal", "Internal error"]);
});

Deno.test("port: an unavailable method is refused without calling its handler", async () => {
  let called = false;
  const { channel, calls } = connect({
    pushLogs: () => {
      called = true;
      return Promise.resolve({});
    },
  });
  await using _ = calls;
  await assert.rejects(channel.call(pushLogs, {}), { code: "unimplemented" });
  assert.equal(called, false);
});

Deno.test("a cancelled call ends at both ends", async () => {
  const { channel, calls, requests } = connect({
    getNodes: (_request, { signal }) => untilAborted(signal),
  });
  await using _ = calls;
  const controller = new AbortController();
  const call = channel.call(getNodes, {}, { signal: controller.signal });
  queueMicrotask(() => controller.abort());
  await assert.rejects(call, { code: "cancelled" });
  assert.deepEqual(requests.map(({ kind }) => kind), ["call", "cancel"]);
  const before = channel.call(getNodes, {}, { signal: controller.signal });
  await assert.rejects(before, { code: "cancelled" });
  assert.equal(requests.length, 2, "a call whose signal is aborted already is not made");
});

Deno.test("port: closing either end cancels open calls", async () => {
  const held = {
    getNodes: (_request: GetNodesRequest, { signal }: AuthenticatedCall<Caller>) =>
      untilAborted(signal),
  };
  const one = connect(held);
  const call = one.channel.call(getNodes, {});
  queueMicrotask(() => one.channel.close());
  await assert.rejects(call, { code: "cancelled" });
  await one.calls[Symbol.asyncDispose]();
  const two = connect(held);
  const open = two.channel.call(getNodes, {});
  queueMicrotask(async () => {
    await two.calls[Symbol.asyncDispose]();
    two.channel.close();
  });
  await assert.rejects(open, { code: "cancelled" });
});

Deno.test("port: an empty response is a response", async () => {
  const { channel, calls } = connect({ pushTaskOutput: () => Promise.resolve({}) });
  await using _ = calls;
  const { response } = await channel.call(pushTaskOutput, {});
  assert.equal(response.$typeName, "flwr.proto.PushTaskOutputResponse");
});

Deno.test("port: a worker's number of open calls is limited", async () => {
  const { channel, calls } = connect({ getNodes: (_request, { signal }) => untilAborted(signal) });
  const open = Array.from({ length: MAX_OPEN_PORT_CALLS }, () => channel.call(getNodes, {}));
  await assert.rejects(channel.call(getNodes, {}), { code: "resource-exhausted" });
  await calls[Symbol.asyncDispose]();
  channel.close();
  const ends = await Promise.allSettled(open);
  assert.ok(ends.every(({ status }) => status === "rejected"));
});

Deno.test("port: an unavailable service's call is retried, with its bytes", async () => {
  let tries = 0;
  const { channel, calls } = connect({
    pullObject: ({ objectId }) => {
      tries += 1;
      if (tries === 1) throw new FlwrError("unavailable", "The SuperLink's disk is full");
      return Promise.resolve({ objectFound: objectId === "a", objectContent: new Uint8Array() });
    },
  });
  await using _ = calls;
  const { response } = await channel.call(pullObject, { objectId: "a" });
  assert.deepEqual([response.objectFound, tries], [true, 2]);
});

Deno.test("bytes that cannot be decoded are refused as the worker's fault", async () => {
  const { calls, answers } = host({ pullObject: () => Promise.resolve({}) });
  await using _ = calls;
  await calls.handleRequest({
    kind: "call",
    id: 1,
    method: "PullObject",
    bytes: Uint8Array.of(0xff),
  });
  const answer = await answers.next();
  assert.ok(answer.kind === "refusal");
  assert.equal(answer.error.code, "invalid-argument");
});

Deno.test("port: a second call with the same id is refused, and the first continues", async () => {
  const { calls, answers } = host({ pullObject: (_request, { signal }) => untilAborted(signal) });
  await using _ = calls;
  const call = { kind: "call", id: 1, method: "PullObject", bytes: new Uint8Array(0) } as const;
  await calls.handleRequest(call);
  await calls.handleRequest(call);
  const answer = await answers.next();
  assert.ok(answer.kind === "refusal");
  assert.equal(answer.error.code, "already-exists");
});

Deno.test("port: a worker's requests are read again once its open requests have fewer bytes", async () => {
  const end = Promise.withResolvers<Record<string, never>>();
  const { calls, answers } = host({ pushObject: () => end.promise });
  await using _ = calls;
  const bytes = encode(pushObject.input, {
    objectContent: new Uint8Array(MAX_OPEN_PORT_BYTES / 2),
  });
  await calls.handleRequest({ kind: "call", id: 1, method: "PushObject", bytes });
  let heard = false;
  const second = calls.handleRequest({ kind: "call", id: 2, method: "PushObject", bytes })
    .then(() => heard = true);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(heard, false);
  end.resolve({});
  await second;
  assert.deepEqual([(await answers.next()).id, (await answers.next()).id], [1, 2]);
});

Deno.test("port: a worker's request with too many fields is refused before decoding, even if the service allows more", async () => {
  const { calls, answers } = host({ pullMessages: () => Promise.resolve({}) });
  await using _ = calls;
  const ids = (count: number) =>
    encode(pullMessages.input, { messageIds: Array.from({ length: count }, () => "") });
  const outcome = async (id: number, bytes: Uint8Array) => {
    await calls.handleRequest({ kind: "call", id, method: "PullMessages", bytes });
    const answer = await answers.next();
    return answer.kind === "refusal" ? answer.error.api : answer.kind;
  };
  assert.equal(await outcome(1, ids(MAX_REQUEST_UNITS + 1)), "request-malformed");
  assert.equal(await outcome(2, ids(MAX_REQUEST_UNITS)), "answer");
});

Deno.test("port: large responses are made one after the other, as the worker takes them", async () => {
  const taken = Promise.withResolvers<void>();
  let made = 0;
  const { calls, answers } = host({
    pullObject: async (_request, call) => {
      await call.reserve(MAX_OPEN_PORT_BYTES);
      made += 1;
      return {};
    },
  }, () => taken.promise);
  await using _ = calls;
  for (const id of [1, 2]) {
    await calls.handleRequest({ kind: "call", id, method: "PullObject", bytes: new Uint8Array(0) });
  }
  await answers.next();
  assert.equal(made, 1, "the second waits until the first is taken");
  taken.resolve();
  await answers.next();
  assert.equal(made, 2);
});

/** Creates a host alone, and reads its responses; `taken` reports that the worker has taken one. */
function host(
  handlers: Partial<ServiceHandlers<typeof Runtime, Caller>>,
  taken: () => Promise<void> = () => Promise.resolve(),
) {
  const stream = new TransformStream<PortResponse, PortResponse>(
    {},
    { highWaterMark: 100 },
    { highWaterMark: 100 },
  );
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const calls = new PortCalls({
    service: bindService(Runtime, {
      maxRequestUnits: () => MAX_BATCH_REQUEST_UNITS,
      authenticate: (call) => Promise.resolve({ token: call.header("flwr-task-token") }),
      handlers: handlers as ServiceHandlers<typeof Runtime, Caller>,
    }),
    offered: new Set(["PullMessages", "PullObject", "PushObject"]),
    headers: {},
    peer: "the worker",
    post: (answer) => {
      void writer.write(answer);
      return taken();
    },
  });
  return { calls, answers: { next: async () => (await reader.read()).value! } };
}
