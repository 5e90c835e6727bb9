import assert from "node:assert/strict";
import type { OpenTrainer } from "../wire/protocol.ts";
import { SandboxCompute } from "./sandbox_compute.ts";

Deno.test("models in a sandbox use the threads assigned last, or those that were set explicitly", () => {
  const sandbox = new SandboxCompute(() => {});
  const before = sandbox.compute().register();
  assert.equal(before.threads(), 1);
  sandbox.assignThreads(3);
  using later = sandbox.compute().register();
  assert.deepEqual([before.threads(), later.threads()], [3, 3]);
  using chosen = sandbox.compute({ threads: 5 }).register();
  using own = sandbox.compute({ threads: 5 }).register(2);
  assert.deepEqual([chosen.threads(), own.threads()], [5, 2]);
});

Deno.test("an engine in a sandbox is requested from the process, with a port for its answers", async () => {
  const asked: [OpenTrainer, Transferable[]][] = [];
  const compute = new SandboxCompute((...what) => asked.push(what)).compute({ device: "webgpu" });
  assert.equal(compute.device, "webgpu");
  const engine = await compute.startEngine({ threads: 2, device: "webgpu" });
  const reading = engine.read([]);
  const [[message, [port]]] = asked as [[OpenTrainer, [MessagePort]]];
  assert.deepEqual(message, { kind: "open-trainer", threads: 2, device: "webgpu" });
  port.onmessage = ({ data: { id } }) => port.postMessage({ id, outcome: { tensors: [] } });
  assert.deepEqual(await reading, []);
  await engine[Symbol.asyncDispose]();
  port.close();
});
