import assert from "node:assert/strict";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Context } from "../context.ts";
import { RecordDict } from "../record_dict.ts";
import { instruction } from "../testing.ts";
import { CONTROL_RECORD, Scaffold, type ScaffoldOptions } from "./scaffold.ts";
import { scaffoldRound } from "./scaffold_node.ts";
import { doubles, numbersOf, roundOf, trained } from "./testing.ts";

const NODES = [2n, 3n, 4n, 5n];
const reply = (node: number, value: number, change: ArrayRecord) =>
  trained(node, doubles(value), {}, { [CONTROL_RECORD]: change });

/** c as the next round's nodes are sent it. */
async function controlAfter(strategy: Scaffold, arrays: ArrayRecord): Promise<number[]> {
  const { messages } = await strategy.configureTrain(roundOf(arrays, 2, NODES));
  return numbersOf(messages[0]!.content.arrayRecord(CONTROL_RECORD));
}

Deno.test("SCAFFOLD: the server moves to the mean, and c by the share of the nodes", async () => {
  // x = 1, y = 0 and 0.5, Δc = 3 and 1, |S| = 2 of N = 4: mean y = 0.25, c = 2/4 · mean(3, 1) = 1. The weights 9 and 1 of
  // the examples do not count.
  const strategy = new Scaffold();
  const first = roundOf(doubles(1), 1, NODES);
  const { messages } = await strategy.configureTrain(first);
  assert.equal(messages.length, 4);
  assert.equal(messages[0]!.content.arrayRecord(CONTROL_RECORD).size, 0, "c is 0 at first");
  const replies = [
    trained(2, doubles(0), { "num-examples": 9 }, { [CONTROL_RECORD]: doubles(3) }),
    reply(3, 0.5, doubles(1)),
  ];
  const { arrays, results } = strategy.aggregateTrain(first, replies);
  assert.deepEqual(numbersOf(arrays!), [0.25]);
  assert.deepEqual(results, [2n, 3n]);
  assert.deepEqual(await controlAfter(strategy, arrays!), [1]);
});

Deno.test("SCAFFOLD: the server's learning rate scales the move, numNodes the share, and a new run begins with c = 0", async () => {
  const strategy = new Scaffold({ serverLearningRate: 0.5, numNodes: 8 });
  const replies = [reply(2, 0, doubles(3)), reply(3, 0.5, doubles(1))];
  for (let run = 1; run <= 2; run++) {
    const first = roundOf(doubles(1), 1, NODES);
    const { messages } = await strategy.configureTrain(first);
    assert.equal(messages[0]!.content.arrayRecord(CONTROL_RECORD).size, 0);
    const { arrays } = strategy.aggregateTrain(first, replies);
    assert.deepEqual(numbersOf(arrays!), [0.625]); // 1 + 0.5·(0.25 − 1)
    assert.deepEqual(await controlAfter(strategy, arrays!), [0.5]); // 2/8 · mean(3, 1)
  }
});

Deno.test("SCAFFOLD: a reply without a sound change of its control variate is a failure of its node", async () => {
  const strategy = new Scaffold();
  const round = roundOf(doubles(0), 1, NODES);
  await strategy.configureTrain(round);
  const whole = ArrayRecord.fromTensors({ w: tensor("int64", [1], BigInt64Array.of(1n)) });
  const other = ArrayRecord.fromTensors({ v: tensor("float64", [1], Float64Array.of(1)) });
  const outcome = strategy.aggregateTrain(round, [
    reply(2, 1, doubles(1)),
    trained(3, doubles(1)),
    reply(4, 1, doubles(NaN)),
    reply(5, 1, doubles(1, 2)),
    reply(6, 1, whole),
    reply(7, 1, other),
    reply(8, 1, doubles(1e31)),
    reply(9, 1, doubles(1.7e308)),
    reply(10, NaN, doubles(1)),
  ]);
  assert.deepEqual(outcome.results, [2n]);
  assert.deepEqual(outcome.failures.map(({ nodeId }) => nodeId), [3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n]);
  assert.deepEqual(await controlAfter(strategy, outcome.arrays!), [0.25]);
});

Deno.test("SCAFFOLD: the bound on updates is not that of changes, which have their own", async () => {
  // An update of 0.9 in 10 steps of learning rate 0.01 is a change of 9.
  const outcomeOf = async (options: ScaffoldOptions) => {
    const strategy = new Scaffold(options);
    const round = roundOf(doubles(0, 0), 1, NODES);
    await strategy.configureTrain(round);
    const reply = (node: number, change: ArrayRecord) =>
      trained(node, doubles(0.9, 0), {}, { [CONTROL_RECORD]: change });
    const outcome = strategy.aggregateTrain(round, [
      reply(2, doubles(-9, 0)),
      reply(3, doubles(-30, 40)),
    ]);
    const { results, failures, arrays } = outcome;
    return { results, failures, c: await controlAfter(strategy, arrays!) };
  };
  const open = await outcomeOf({ maxUpdateNorm: 1 });
  assert.deepEqual(open.results, [2n, 3n]);
  const bounded = await outcomeOf({ maxUpdateNorm: 1, maxControlNorm: 10 });
  assert.deepEqual([bounded.results, bounded.failures.map(({ nodeId }) => nodeId)], [[2n], [3n]]);
  assert.match(bounded.failures[0]!.reason, /norm 50.*maxControlNorm/);
  assert.deepEqual(bounded.c, [-9 / 4, 0]);
  // Of norm 50, clipped to 10: (−6, 8).
  const clipped = await outcomeOf({ maxControlNorm: 10, largeUpdates: "clip" });
  assert.deepEqual(clipped.results, [2n, 3n]);
  clipped.c.forEach((c, i) => assert.ok(Math.abs(c - [-15 / 4, 2][i]!) < 1e-12, `${clipped.c}`));
  for (const maxControlNorm of [0, -1, NaN, 1e31, Infinity]) {
    assert.throws(() => new Scaffold({ maxControlNorm }), /maxControlNorm/);
  }
});

Deno.test("SCAFFOLD: a poisoned change does not pass even without a bound on updates, and leaves no state", async () => {
  for (const poison of [1e155, 1e200, -1.7e308, Infinity]) {
    const strategy = new Scaffold({ maxUpdateNorm: Infinity });
    let arrays = doubles(0);
    for (let number = 1; number <= 3; number++) {
      const round = roundOf(arrays, number, NODES);
      await strategy.configureTrain(round);
      const outcome = strategy.aggregateTrain(round, [
        reply(2, 1, doubles(1)),
        reply(3, 1, doubles(poison)),
      ]);
      assert.deepEqual(outcome.failures.map(({ nodeId }) => nodeId), [3n]);
      arrays = outcome.arrays!;
    }
    assert.deepEqual(await controlAfter(strategy, arrays), [0.75]); // 3 rounds, 1/4 each
  }
});

function nodeContext(): Context {
  return {
    runId: 7n,
    nodeId: 5n,
    nodeConfig: new ConfigRecord(),
    runConfig: new ConfigRecord(),
    state: new RecordDict(),
  };
}

Deno.test("scaffoldRound: the node's correction, its new control variate and its change", () => {
  const context = nodeContext();
  const message = (x: number, c?: number) =>
    instruction(
      {},
      new RecordDict({
        arrays: doubles(x),
        [CONTROL_RECORD]: c === undefined ? new ArrayRecord() : doubles(c),
      }),
    );
  // Round 1: c = cᵢ = 0, x = 2, y = 1.9, K = 4, η = 0.1: cᵢ⁺ = 0.1/0.4 = 0.25, and so is the change.
  const first = scaffoldRound(message(2), context);
  assert.equal(first.correction.size, 0);
  const close = (arrays: ArrayRecord, expected: number) =>
    assert.ok(Math.abs(numbersOf(arrays)[0]! - expected) < 1e-12, `${numbersOf(arrays)}`);
  const steps = { steps: 4, learningRate: 0.1 };
  close(first.finish({ parameters: doubles(1.9).tensors(), ...steps })[CONTROL_RECORD], 0.25);
  // Round 2: c = 0.5: correction 0.5 − 0.25; x = 2, y = 1: (x − y)/(K·η) = 2.5: cᵢ⁺ = 0.25 − 0.5 + 2.5, change 2.
  const second = scaffoldRound(message(2, 0.5), context);
  assert.ok(Math.abs(Number(second.correction.get("w")!.data[0]) - 0.25) < 1e-12);
  close(second.finish({ parameters: doubles(1).tensors(), ...steps })[CONTROL_RECORD], 2);
  close(context.state.arrayRecord(CONTROL_RECORD), 2.25);
  // Impossible values are refused, and the state is unchanged.
  const third = scaffoldRound(message(2, 0.5), context);
  const parameters = doubles(-1e10).tensors();
  assert.throws(() => third.finish({ parameters, steps: 0, learningRate: 0.1 }), /steps/);
  assert.throws(() => third.finish({ parameters, steps: 1, learningRate: 0 }), /learningRate/);
  assert.throws(() => third.finish({ parameters: new Map(), ...steps }), /parameters lack "w"/);
  const rate = 1e-308;
  assert.throws(() => third.finish({ parameters, steps: 1, learningRate: rate }), /not be finite/);
  close(context.state.arrayRecord(CONTROL_RECORD), 2.25);
});

Deno.test("Scaffold: options that make no sense are refused by name", () => {
  assert.throws(() => new Scaffold({ numNodes: 0 }), /numNodes/);
  assert.throws(() => new Scaffold({ serverLearningRate: NaN }), /serverLearningRate/);
});
