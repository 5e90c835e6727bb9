import assert from "node:assert/strict";
import { ClientApp } from "../../app/client_app.ts";
import { ConfigRecord } from "../../app/config_record.ts";
import type { Context, ServerContext } from "../../app/context.ts";
import type { Grid } from "../../app/grid.ts";
import { Message } from "../../app/message.ts";
import { RecordDict } from "../../app/record_dict.ts";
import { ServerApp } from "../../app/server_app.ts";
import { type Compute, currentCompute, requireDevice } from "./compute.ts";
import type { Device } from "./device.ts";
import type { Engine, EngineCompute } from "./engine.ts";

const notStarted = () => Promise.reject(new Error("an engine was started"));
const fakeCompute = (
  device: Device = "cpu",
  startEngine: Compute["startEngine"] = notStarted,
): Compute => ({
  device,
  startEngine,
  register: (threads = 1) => ({ threads: () => threads, [Symbol.dispose]() {} }),
});

const contextWith = (compute?: Compute): Context => ({
  runId: 1n,
  nodeId: 2n,
  nodeConfig: new ConfigRecord(),
  state: new RecordDict(),
  runConfig: new ConfigRecord(),
  compute,
});

const instruction = () => Message.create({ content: {}, dstNodeId: 2n, messageType: "train" });

Deno.test("a ClientApp's modifiers and handler see its context's compute, also after an await", async () => {
  const seen: (Compute | undefined)[] = [];
  const look = async () => {
    seen.push(currentCompute());
    await new Promise((resolve) => setTimeout(resolve));
    seen.push(currentCompute());
    return {};
  };
  const app = new ClientApp({
    mods: [async (message, context, next) => {
      await look();
      return await next(message, context);
    }],
  }).train(look);
  const computes = [fakeCompute(), undefined, fakeCompute()];
  for (const compute of computes) {
    const { error } = await app.handle(instruction(), contextWith(compute));
    assert.equal(error, undefined);
    assert.deepEqual(seen.splice(0).map((one) => one === compute), [true, true, true, true]);
  }
  await Promise.all(computes.map((compute) => app.handle(instruction(), contextWith(compute))));
  for (const compute of computes) assert.equal(seen.filter((one) => one === compute).length, 4);
  assert.equal(currentCompute(), undefined);
});

Deno.test("a ServerApp's main sees its context's compute", async () => {
  const compute = fakeCompute();
  const seen: unknown[] = [];
  const app = new ServerApp().main(async () => {
    await new Promise((resolve) => setTimeout(resolve));
    seen.push(currentCompute());
  });
  const context = contextWith(compute) as ServerContext;
  await app.run({} as Grid, context);
  assert.ok(seen.length === 1 && seen[0] === compute);
});

Deno.test("a device is checked with an engine's first answer, the CPU is not checked", async () => {
  await requireDevice(fakeCompute("cpu"));
  const asked: EngineCompute[] = [];
  let disposed = 0;
  const starting = (read: () => Promise<never[]>) => (compute: EngineCompute) => {
    asked.push(compute);
    const engine = { read, [Symbol.asyncDispose]: () => Promise.resolve(void disposed++) };
    return Promise.resolve(engine as unknown as Engine);
  };
  await requireDevice(fakeCompute("webgpu", starting(() => Promise.resolve([]))));
  const missing = starting(() => Promise.reject(new Error("no such device")));
  await assert.rejects(requireDevice(fakeCompute("cuda", missing)), { message: "no such device" });
  assert.deepEqual(asked.map(({ device }) => device), ["webgpu", "cuda"]);
  assert.equal(disposed, 2);
});
