import assert from "node:assert/strict";
import type { Message } from "../message.ts";
import { coordinateMedian } from "../strategy/aggregator/order_statistics.ts";
import { Bulyan } from "../strategy/bulyan.ts";
import { ComposedStrategy } from "../strategy/composed_strategy.ts";
import { FedAvg } from "../strategy/fedavg.ts";
import { FedAvgM } from "../strategy/fedavgm.ts";
import { FedBuff } from "../strategy/fedbuff.ts";
import { FedAdagrad, FedAdam, FedYogi } from "../strategy/fedopt.ts";
import { FedProx } from "../strategy/fedprox.ts";
import { Krum } from "../strategy/krum.ts";
import { FedMedian } from "../strategy/order_statistics.ts";
import type { Round } from "../strategy/strategy.ts";
import { FedXgbBagging } from "../strategy/xgb/fedxgb_bagging.ts";
import { CONFIGS, STATE } from "./records.ts";
import { SecAggPlus } from "./secaggplus.ts";
import { Federation, stageOf } from "./testing/federation.ts";
import { assertMean, secure, training } from "./testing/secure_run.ts";

Deno.test("secagg+: the mean of all models, with all shares, a ring, and several rounds", async () => {
  for (
    const [nodes, options] of [
      [3, {}],
      [5, { numShares: 3, reconstructionThreshold: 2 }],
      [6, { numShares: 4, reconstructionThreshold: 3 }], // even: 5 shares
      [6, {}], // even: all
      [5, { modulusRange: 2 ** 24, quantizationRange: 2 ** 21, clippingRange: 5 }],
    ] as const
  ) {
    const federation = new Federation({ nodes });
    const result = await federation.run(secure(options), 2);
    assertMean(federation, result, federation.ids);
    for (const { train } of result.rounds) {
      assert.deepEqual(train!.results, federation.ids);
      assert.equal(train!.metrics!.get("loss"), 0.5);
      assert.deepEqual(train!.failures, []);
    }
    for (const { state } of federation.contexts.values()) assert.ok(!state.has(STATE));
  }
});

Deno.test("secagg+: the server sees no model, and no two masked vectors of a node are alike", async () => {
  const seen: string[] = [];
  const federation = new Federation({
    nodes: 3,
    tamper: (_instruction, reply, stage) => {
      if (stage !== "collect_masked_vectors") return undefined;
      assert.deepEqual([...reply.content.arrayRecord("fitres.parameters").keys()], ["_empty"]);
      const masked = reply.content.configRecord(CONFIGS).get("masked_params") as Uint8Array[];
      seen.push(...masked.map((bytes) => bytes.toBase64()));
    },
  });
  await federation.run(secure(), 2);
  assert.equal(new Set(seen).size, 2 * 3 * 3);
});

Deno.test("secagg+: weights that are 0 together give no model", async () => {
  const federation = new Federation({ nodes: 3, numExamples: () => 0 });
  await assert.rejects(federation.run(secure()), { code: "failed-precondition" });
});

Deno.test("secagg+: other strategies work on the mean", async () => {
  const federation = new Federation({ nodes: 3 });
  const strategy = new SecAggPlus(new FedAdam(training), { maxWeight: 100 });
  assert.equal(strategy.name, "FedAdam with SecAgg+");
  const { arrays } = await federation.run(strategy);
  const open = new Federation({ nodes: 3, mods: [] });
  const plain = await open.run(new FedAdam(training));
  const [secret, known] = [arrays.tensors().get("w")!.data, plain.arrays.tensors().get("w")!.data];
  known.forEach((value, i) => assert.ok(Math.abs(Number(value) - Number(secret[i])) < 1e-3));
});

Deno.test("secagg+: evaluation passes", async () => {
  const federation = new Federation({ nodes: 3 });
  const strategy = new SecAggPlus(new FedAvg({ minTrainNodes: 3 }), { maxWeight: 100 });
  const result = await federation.run(strategy);
  assert.equal(result.rounds[0]!.evaluate!.nodeIds.length, 3);
});

Deno.test("secagg+: options and strategies that make no sense are refused", () => {
  const invalid = { code: "invalid-argument" };
  for (
    const options of [
      { numShares: 0 },
      { numShares: 2 },
      { numShares: 3.5 },
      { numShares: NaN },
      { reconstructionThreshold: 0.5 },
      { reconstructionThreshold: 1.5 },
      { reconstructionThreshold: 0 },
      { numShares: 5, reconstructionThreshold: 2 },
      { numShares: 5, reconstructionThreshold: 6 },
      { maxWeight: 0 },
      { maxWeight: Infinity },
      { clippingRange: -1 },
      { clippingRange: NaN },
      { quantizationRange: 0 },
      { quantizationRange: 1.5 },
      { quantizationRange: 2 ** 31 },
      { modulusRange: 2 ** 33 },
      { modulusRange: 1000 },
      { modulusRange: 2 ** 23 }, // three nodes overflow
      { timeout: 0 },
      { numshares: 3 },
    ]
  ) {
    assert.throws(() => secure(options), invalid, JSON.stringify(options));
  }
});

Deno.test("SecAggPlus: accepts only strategies that need the mean alone, in rounds that are not their own", () => {
  class OwnStart extends FedAvg {
    override start() {
      return Promise.reject(new Error("not called"));
    }
    override get usesMeanOnly() {
      return true;
    }
  }
  class OwnAggregation extends FedAvg {
    override aggregateTrain(round: Round, replies: readonly Message[]) {
      return super.aggregateTrain(round, replies.slice(1));
    }
  }
  for (
    const strategy of [
      new Krum(),
      new FedMedian(),
      new Bulyan(),
      new FedBuff(),
      new FedXgbBagging(),
      new ComposedStrategy({ aggregator: coordinateMedian() }),
      new OwnStart(),
      new OwnAggregation(),
    ]
  ) {
    assert.throws(
      () => new SecAggPlus(strategy),
      { code: "invalid-argument", message: new RegExp(strategy.name) },
      strategy.name,
    );
  }
  const kinds = [FedAvg, FedAvgM, FedAdagrad, FedAdam, FedYogi];
  for (const kind of kinds) assert.ok(new SecAggPlus(new kind()));
  assert.ok(new SecAggPlus(new FedProx({ proximalMu: 0.1 })));
});

Deno.test("secagg+: too few nodes, and options that do not fit their number, are refused before any message", async () => {
  const two = { ...training, minTrainNodes: 2 };
  for (
    const [nodes, options] of [
      [2, {}],
      [4, { reconstructionThreshold: 5 }],
      [9, { reconstructionThreshold: 4 }],
      [4, { modulusRange: 2 ** 24 }], // 4 · 2²² = 2²⁴
    ] as const
  ) {
    const federation = new Federation({ nodes });
    const strategy = new SecAggPlus(new FedAvg(two), { maxWeight: 100, ...options });
    await assert.rejects(federation.run(strategy), {
      code: /failed-precondition|invalid-argument/,
    });
    assert.equal(
      federation.driver.pushed.filter((message) => stageOf(message) !== undefined).length,
      0,
    );
  }
});

Deno.test("SecAggPlus: a checkpoint contains the state of the strategy inside", () => {
  const inside = new FedAdam();
  const strategy = new SecAggPlus(inside, { maxWeight: 100 });
  assert.deepEqual([...strategy.saveState().keys()], [...inside.saveState().keys()]);
  assert.ok(strategy.saveState().size > 0);
  strategy.loadState(strategy.saveState());
});
