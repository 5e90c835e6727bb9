import assert from "node:assert/strict";
import { RunCheckpoints } from "../app/checkpoint/run_checkpoints.ts";
import { MemoryCheckpoints } from "../app/checkpoint/testing/memory_checkpoints.ts";
import { Grid } from "../app/grid.ts";
import { ArrayRecord, ClientApp, FedAvg, MetricRecord, tensor } from "../mod.ts";
import { ConfigRecord } from "../app/config_record.ts";
import { currentRandom } from "../base/current_random.ts";
import { LocalRunner } from "./local_runner.ts";
import { SimulatedConnection } from "./simulated_connection.ts";
import { VirtualNodes } from "./virtual_nodes.ts";

/** Each node moves the model by a random number, and counts its messages in its state. */
const clientApp = new ClientApp().train(({ content }, { state }) => {
  const counter = state.get("counter") as MetricRecord | undefined;
  const seen = (counter?.number("messages") ?? 0) + 1;
  state.set("counter", new MetricRecord({ messages: seen }));
  const [w] = content.arrayRecord("arrays").tensors().values();
  const data = (w!.data as Float32Array).map((value) => value + currentRandom().uniform());
  return {
    arrays: ArrayRecord.fromTensors({ w: tensor("float32", [2], data) }),
    metrics: new MetricRecord({ "num-examples": 1, seen }),
  };
});

/** Runs a strategy, or continues it. @returns the model, and how often the nodes were asked in each round */
async function play(store: MemoryCheckpoints, numRounds: number, nodes = 5) {
  const connection = new SimulatedConnection({
    runId: 1n,
    nodes: new VirtualNodes({ count: nodes }),
    runners: [new LocalRunner(clientApp, 0), new LocalRunner(clientApp, 0)],
    runConfig: new ConfigRecord(),
    seed: 3,
  });
  const ended = new AbortController();
  const checkpoints = new RunCheckpoints(store, connection);
  const grid = new Grid(connection, 1n, { signal: ended.signal, checkpoints });
  try {
    const initialArrays = ArrayRecord.fromTensors({
      w: tensor("float32", [2], new Float32Array(2)),
    });
    const strategy = new FedAvg({ fractionEvaluate: 0, seed: 4 });
    const { arrays, rounds } = await strategy.start(grid, { numRounds, initialArrays });
    await checkpoints.settled();
    const [w] = arrays.tensors().values();
    return {
      weights: [...w!.data as Float32Array],
      seen: rounds.map(({ train }) => train!.metrics!.number("seen")),
    };
  } finally {
    ended.abort();
    connection.close();
  }
}

Deno.test("a resumed simulation goes on with the states and the random numbers of its nodes", async () => {
  const whole = await play(new MemoryCheckpoints(), 4);
  assert.deepEqual(whole.seen, [1, 2, 3, 4]);
  const store = new MemoryCheckpoints();
  await play(store, 2);
  assert.deepEqual(await play(store, 4), whole);
});

Deno.test("a resumed simulation with fewer nodes leaves out the states of the others", async () => {
  const store = new MemoryCheckpoints();
  await play(store, 2, 5);
  assert.deepEqual((await play(store, 3, 3)).seen, [1, 2, 3]);
});
