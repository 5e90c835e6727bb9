import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import type { EngineRequest } from "../engine/protocol.ts";
import { PortEngine } from "../engine/port_engine.ts";
import { serveEngine } from "../engine/serve_engine.ts";
import { requireSelfContained } from "../onnx/self_contained.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { pointModel, points } from "./testing/point_model.ts";

/** Engines at the end of a port, and the methods of the calls in each message that went there. */
function recorded(memoryBytes = 2 ** 20) {
  const messages: string[][] = [];
  const createEngine = () => {
    const { port1, port2 } = new MessageChannel();
    const guard = { admit: requireSelfContained, threads: () => 1, memoryBytes };
    serveEngine(port2, LocalEngine.create(1), guard, () => {});
    const post = port1.postMessage.bind(port1);
    port1.postMessage = (requests: EngineRequest[], handed: unknown) => {
      messages.push(requests.map(({ call: { method } }) => method));
      post(requests, handed as Transferable[]);
    };
    return Promise.resolve(new PortEngine(port1));
  };
  return { messages, createEngine };
}

Deno.test("a fit whose program is open sends everything in one message", async () => {
  const { messages, createEngine } = recorded();
  await using model = pointModel({ createEngine, batchSize: 8 });
  await model.fit(points(16));
  model.setParameters(new Map(model.getParameters()));
  messages.length = 0;
  const { losses } = await model.fit(points(8, 100), { shuffle: false });
  assert.equal(losses.length, 1);
  assert.deepEqual(messages.map((calls) => calls.toSorted()), [
    ["read", "run", "write", "write", "write"],
  ]);
  assert.deepEqual(messages[0]!.slice(-2), ["run", "read"]);
});

Deno.test("an evaluation and a prediction with new parameters and data send one message each", async () => {
  const { messages, createEngine } = recorded();
  await using model = pointModel({ createEngine });
  await using here = pointModel();
  for (const first of [0, 100]) {
    const data = points(8, first);
    model.setParameters(here.getParameters());
    messages.length = 0;
    assert.deepEqual(await model.evaluate(data), await here.evaluate(data));
    if (first > 0) assert.deepEqual(messages.map((calls) => calls.at(-1)), ["run"]);
    model.setParameters(here.getParameters());
    messages.length = 0;
    const { x } = points(8, first + 50);
    assert.deepEqual(await model.predict(x), await here.predict(x));
    if (first > 0) assert.deepEqual(messages.map((calls) => calls.at(-1)), ["run"]);
  }
});

Deno.test("parameters are read after the last epoch, and after the steps of a smaller batch", async () => {
  const { createEngine } = recorded();
  await using there = pointModel({ createEngine, batchSize: 8 });
  await using here = pointModel({ batchSize: 8 });
  for (const epochs of [1, 3]) {
    for (const count of [16, 20, 5]) {
      const options = { epochs, seed: count };
      const results = [
        await there.fit(points(count), options),
        await here.fit(points(count), options),
      ];
      assert.deepEqual(results[0]!.losses, results[1]!.losses);
      assert.deepEqual(there.getParameters(), here.getParameters());
    }
  }
});

Deno.test("a fit whose data do not fit into the memory says so, and the next one works", async () => {
  const { createEngine } = recorded(2_000);
  await using model = pointModel({ createEngine, batchSize: 8 });
  await model.fit(points(16));
  const refused = (error: unknown) =>
    error instanceof FlwrError && error.code === "resource-exhausted";
  await assert.rejects(model.fit(points(400)), refused);
  await model.evaluate(points(16));
  await assert.rejects(model.evaluate(points(400)), refused);
  assert.equal((await model.fit(points(16))).losses.length, 1);
});
