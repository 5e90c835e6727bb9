import assert from "node:assert/strict";
import { currentRandom } from "../base/current_random.ts";
import { ArrayRecord, ClientApp, FedAvg, MetricRecord, perRun, ServerApp, tensor } from "../mod.ts";
import { simulate, type SimulateOptions } from "./simulate.ts";

/** Each node moves the model to its partition's number, and counts its messages in its state. */
const clientApp = new ClientApp().train(({ content }, { nodeConfig, state }) => {
  const partition = nodeConfig.number("partition-id");
  const counter = state.get("counter") as MetricRecord | undefined;
  const seen = (counter?.number("messages") ?? 0) + 1;
  state.set("counter", new MetricRecord({ messages: seen }));
  const [w] = content.arrayRecord("arrays").tensors().values();
  const data = (w!.data as Float32Array).map((value) => value + partition);
  return {
    arrays: ArrayRecord.fromTensors({ w: tensor("float32", [2], data) }),
    metrics: new MetricRecord({ "num-examples": 1, seen }),
  };
});

const serverApp = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
  const initialArrays = ArrayRecord.fromTensors({ w: tensor("float32", [2], new Float32Array(2)) });
  const strategy = new FedAvg({ fractionEvaluate: 0, fractionTrain: runConfig.number("part", 1) });
  const { arrays } = await strategy.start(grid, { numRounds: 3, initialArrays });
  await artifacts.save("model.npz", arrays);
});

Deno.test("simulate: every node has its partition and its own state", async () => {
  const { results, artifacts } = await simulate({ serverApp, clientApp, nodes: 8 });
  const [result] = results;
  const [w] = result!.arrays.tensors().values();
  assert.deepEqual([...w!.data as Float32Array], [10.5, 10.5]); // 3 rounds of (0 + … + 7) / 8
  assert.deepEqual(result!.rounds.map(({ train }) => train!.metrics!.number("seen")), [1, 2, 3]);
  assert.deepEqual([...artifacts.keys()], ["model.npz"]);
});

Deno.test("simulate: the same seed draws the same nodes, another seed others", async () => {
  const drawn = async (seed: number) => {
    const options = { serverApp, clientApp, nodes: 50, runConfig: { part: 0.1 }, seed };
    const { results } = await simulate(options);
    return results[0]!.rounds.map(({ train }) => train!.nodeIds);
  };
  assert.deepEqual(await drawn(1), await drawn(1));
  assert.notDeepEqual(await drawn(1), await drawn(2));
});

Deno.test("simulate: too few nodes, invalid settings of a node and unknown options are errors", async () => {
  const needs = new ServerApp().main(async (grid) => {
    const w = tensor("float32", [1], new Float32Array(1));
    const initialArrays = ArrayRecord.fromTensors({ w });
    await new FedAvg({ minAvailableNodes: 9 }).start(grid, { initialArrays });
  });
  const few = simulate({ serverApp: needs, clientApp, nodes: 8 });
  await assert.rejects(few, { name: "FlwrError", code: "failed-precondition" });
  const nodeConfig = (partition: number) => {
    if (partition === 2) throw new RangeError("no row 2");
    return {};
  };
  const { results } = await simulate({ serverApp, clientApp, nodes: 4, nodeConfig });
  const failures = results[0]!.rounds.map(({ train }) => train!.failures.length);
  assert.deepEqual(failures, [1, 1, 1]);
  const misspelt = { serverApp, clientApp, nodes: 2, sead: 1 };
  await assert.rejects(simulate(misspelt), { code: "invalid-argument" });
});

Deno.test("simulate: a value of perRun is the same whenever it is made", async () => {
  const drawn = perRun(() => Math.floor(currentRandom().uniform() * 1e9));
  const app = new ClientApp().train(({ content }, context) => ({
    arrays: content.arrayRecord("arrays"),
    metrics: new MetricRecord({ "num-examples": 1, drawn: drawn(context) }),
  }));
  // Of 20 nodes, eight keep their value: the others make it again in each round.
  const { results } = await simulate({ serverApp, clientApp: app, nodes: 20 });
  const means = results[0]!.rounds.map(({ train }) => train!.metrics!.number("drawn"));
  assert.deepEqual(new Set(means).size, 1);
});

Deno.test("simulate: nodes drop out and lie, and faults out of range are refused", async () => {
  const outcome = async (faults: SimulateOptions["faults"]) => {
    const { results: [result] } = await simulate({ serverApp, clientApp, nodes: 30, faults });
    const [w] = result!.arrays.tensors().values();
    const failures = result!.rounds.map(({ train }) => train!.failures.length);
    return { w: Number(w!.data[0]), failures };
  };
  const { w, failures } = await outcome({ dropout: 0.3 });
  assert.ok(failures.every((count) => count > 0 && count < 20), String(failures));
  assert.deepEqual(await outcome({ dropout: 0.3, slow: 0.2, slowSeconds: 0.001 }), { w, failures });
  const { w: lied } = await outcome({ lie: 1 });
  assert.ok(Math.abs(lied + 43.5) < 1e-4, String(lied)); // −3 (0 + … + 29) / 30
  for (
    const faults of [{ dropout: -0.1 }, { lie: 1.1 }, { slow: NaN }, { slowSeconds: Infinity }]
  ) {
    await assert.rejects(outcome(faults), { code: "invalid-argument" });
  }
  const unknown = { drop: 1 } as SimulateOptions["faults"];
  await assert.rejects(outcome(unknown), { code: "invalid-argument" });
});
