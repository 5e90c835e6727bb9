import assert from "node:assert/strict";
import { ConfigRecord } from "../config_record.ts";
import { float } from "../float.ts";
import type { Context } from "../context.ts";
import { RecordDict } from "../record_dict.ts";
import { instruction } from "../testing.ts";
import { ALPHA_KEY, FedDyn } from "./feddyn.ts";
import { dynRound } from "./feddyn_node.ts";
import { doubles, numbersOf, roundOf, trained } from "./testing.ts";

Deno.test("FedDyn: the mean of the models, corrected by h", async () => {
  // α = 0.5, m = 4 nodes online. Round 1: θ = 1, θₖ = 2 and 3: h = −0.5/4·(1 + 2) = −0.375, θ ← 2.5 + 0.75 = 3.25.
  // Round 2: θₖ = 3.25 and 2.25: h = −0.375 − 0.5/4·(0 − 1) = −0.25, θ ← 2.75 + 0.5 = 3.25.
  const strategy = new FedDyn({ alpha: 0.5 });
  for (let run = 1; run <= 2; run++) {
    let arrays = doubles(1);
    for (
      const [number, models, expected] of [[1, [2, 3], 3.25], [2, [3.25, 2.25], 3.25]] as const
    ) {
      const round = roundOf(arrays, number, [2n, 3n, 4n, 5n]);
      const { messages } = await strategy.configureTrain(round);
      const config = messages[0]!.content.configRecord("config");
      assert.deepEqual(config.typed(ALPHA_KEY), { type: "double", value: 0.5 });
      const replies = models.map((value, i) =>
        trained(i + 2, doubles(value), { "num-examples": i + 1 })
      );
      arrays = strategy.aggregateTrain(round, replies).arrays!;
      assert.deepEqual(numbersOf(arrays), [expected]);
    }
  }
});

Deno.test("FedDyn: numNodes replaces the number of nodes online", async () => {
  const strategy = new FedDyn({ alpha: 0.5, numNodes: 2 });
  const round = roundOf(doubles(1), 1, [2n, 3n, 4n, 5n]);
  await strategy.configureTrain(round);
  const { arrays } = strategy.aggregateTrain(round, [
    trained(2, doubles(2)),
    trained(3, doubles(3)),
  ]);
  assert.deepEqual(numbersOf(arrays!), [4]); // h = −0.5/2·3 = −0.75: 2.5 + 1.5
});

Deno.test("dynRound: the node's correction is −λ, which follows the training", () => {
  const context: Context = {
    runId: 7n,
    nodeId: 5n,
    nodeConfig: new ConfigRecord(),
    runConfig: new ConfigRecord(),
    state: new RecordDict(),
  };
  const message = instruction(
    {},
    new RecordDict({
      arrays: doubles(2),
      config: new ConfigRecord({ [ALPHA_KEY]: float(0.5) }),
    }),
  );
  const first = dynRound(message, context);
  assert.equal(first.correction.size, 0);
  assert.equal(first.proximal, 0.5);
  first.finish(doubles(3).tensors()); // λ = 0 − 0.5·(3 − 2)
  const second = dynRound(message, context);
  assert.deepEqual([...second.correction.get("w")!.data], [0.5]);
  second.finish(doubles(1).tensors()); // λ = −0.5 − 0.5·(1 − 2) = 0
  assert.deepEqual(
    [...dynRound(message, context).correction.get("w")!.data].map((v) => Number(v) + 0),
    [0],
  );
  assert.throws(() => second.finish(new Map()), /parameters lack "w"/);
  assert.throws(() => second.finish(doubles(Infinity).tensors()), /not be finite/);
  const plain = instruction({}, new RecordDict({ arrays: doubles(2), config: new ConfigRecord() }));
  assert.throws(() => dynRound(plain, context), /feddyn-alpha/);
});

Deno.test("FedDyn: options that make no sense are refused by name", () => {
  for (const alpha of [0, -1, NaN, Infinity]) assert.throws(() => new FedDyn({ alpha }), /alpha/);
  assert.throws(() => new FedDyn({ numNodes: 0.5 }), /numNodes/);
});
