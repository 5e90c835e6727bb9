import assert from "node:assert/strict";
import { EXECUTOR_HEADERS, ExecutorSecret } from "../../../../auth/executor_secret.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { bindService, methodPath } from "../../../service.ts";
import { acquireTask } from "../client/acquire_task.ts";
import { DirectChannel } from "../testing/direct_channel.ts";
import type { RuntimeBackend } from "./runtime_backend.ts";
import { runtimeHandlers } from "./runtime_service.ts";
import { type Executors, taskAuthentication } from "./task_authentication.ts";
import { TASK_TOKEN_HEADER } from "../headers.ts";
import { TASK_POLICY } from "./task_policy.ts";

const TOKEN = "0123456789abcdef".repeat(16);
const TASK = { taskId: 5n, runId: 7n, nodeId: 1n, token: TOKEN };
const INVALID = { code: "unauthenticated", number: 1008, httpStatus: 401 };

/** A server with one task. */
function channelTo(executors: Executors, options?: ConstructorParameters<typeof DirectChannel>[1]) {
  const backend = {
    taskOfToken: (token: string) => Promise.resolve(token === TOKEN ? TASK : undefined),
    heartbeat: () => Promise.resolve(true),
    acquireTask: () =>
      Promise.resolve({ ...TASK, type: "flwr-serverapp", fabHash: "ab", pendingAt: 1 }),
  } as unknown as RuntimeBackend;
  const binding = bindService(Runtime, {
    ...taskAuthentication({ backend, executors }),
    handlers: runtimeHandlers(backend),
  });
  return new DirectChannel(binding, options);
}

Deno.test("runtime policy: every method has a row, and every row a method", () => {
  assert.deepEqual(Object.keys(TASK_POLICY).sort(), Runtime.methods.map(methodPath).sort());
});

Deno.test("runtime policy: only acquire-task needs no task token", async () => {
  const channel = channelTo("this-machine");
  for (const method of Runtime.methods) {
    if (method.name === "AcquireTask") continue;
    await assert.rejects(channel.call(method, {}), INVALID, method.name);
  }
});

Deno.test("task token: valid for an unfinished task, and only as a single header", async () => {
  const tokens: Record<string, boolean> = {
    [TOKEN]: true,
    "": false,
    [TOKEN.slice(1)]: false,
    [TOKEN.replace("0", "1")]: false,
    [TOKEN.toUpperCase()]: false,
    [`${TOKEN}, ${TOKEN}`]: false,
  };
  for (const [token, good] of Object.entries(tokens)) {
    const call = channelTo("nobody", { headers: { [TASK_TOKEN_HEADER]: token } })
      .call(Runtime.method.sendTaskHeartbeat, {});
    if (good) assert.equal((await call).response.success, true);
    else await assert.rejects(call, INVALID, token);
  }
});

Deno.test("executors: no caller gets a task unless the server allows it", async () => {
  const types = ["flwr-serverapp"];
  await assert.rejects(acquireTask(channelTo("nobody"), types), INVALID);
  for (const peer of ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1"]) {
    const task = await acquireTask(channelTo("this-machine", { peer }), types);
    assert.deepEqual(task, { taskId: 5n, runId: 7n, type: "flwr-serverapp", token: TOKEN });
  }
  for (const peer of ["192.0.2.1:1", "[2001:db8::1]:1", "0.0.0.0:1"]) {
    await assert.rejects(acquireTask(channelTo("this-machine", { peer }), types), INVALID, peer);
  }
});

Deno.test("executors: with a secret, every caller that signs with it, from anywhere", async () => {
  const clock = new FakeClock();
  const secretOf = (text: string) => new ExecutorSecret(new TextEncoder().encode(text), clock);
  const channel = channelTo(secretOf("s"), { peer: "192.0.2.1:1" });
  const types = ["flwr-serverapp"];
  assert.equal((await acquireTask(channel, types, { secret: secretOf("s") }))?.runId, 7n);
  await assert.rejects(acquireTask(channel, types), INVALID);
  await assert.rejects(acquireTask(channel, types, { secret: secretOf("t") }), INVALID);
});

Deno.test("executors: a signed request is accepted once", async () => {
  const clock = new FakeClock();
  const secret = () => new ExecutorSecret(new Uint8Array([1]), clock);
  const signed = secret().sign(
    methodPath(Runtime.method.acquireTask),
    new Uint8Array(),
    "0".repeat(32),
  );
  const headers = {
    [EXECUTOR_HEADERS.timestamp]: signed.timestamp,
    [EXECUTOR_HEADERS.nonce]: signed.nonce,
    [EXECUTOR_HEADERS.bodySha256]: signed.bodySha256,
    [EXECUTOR_HEADERS.signature]: signed.signature,
  };
  const channel = channelTo(secret(), { headers });
  const { response } = await channel.call(Runtime.method.acquireTask, {});
  assert.equal(response.token, TOKEN);
  await assert.rejects(channel.call(Runtime.method.acquireTask, {}), INVALID);
});
