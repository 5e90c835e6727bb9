import assert from "node:assert/strict";
import { tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { QFedAvg } from "./qfedavg.ts";
import { doubles, numbersOf, roundOf, trained } from "./testing.ts";

Deno.test("QFedAvg: with q = 1, updates are weighted by losses", () => {
  // L = 1 / 0.5 = 2, w = 0. Node 2: w₂ = 1, F = 1: g = −2, Δ = −2, h = ‖g‖² + 2·1 = 6.
  // Node 3: w₃ = −1, F = 3: g = 2, Δ = 6, h = 4 + 2·3 = 10. w ← 0 − (−2 + 6) / 16 = −0.25.
  const strategy = new QFedAvg({ clientLearningRate: 0.5, q: 1, trainLossKey: "loss" });
  const { arrays } = strategy.aggregateTrain(roundOf(doubles(0)), [
    trained(2, doubles(1), { loss: 1 }),
    trained(3, doubles(-1), { loss: 3 }),
  ]);
  assert.ok(Math.abs(numbersOf(arrays!)[0]! + 0.25) < 1e-9);
});

Deno.test("QFedAvg: a reply whose loss is missing, a list, negative or absurd is a failure of its node", () => {
  const strategy = new QFedAvg({ clientLearningRate: 0.5 });
  const outcome = strategy.aggregateTrain(roundOf(doubles(0)), [
    trained(2, doubles(1), { train_loss: 1 }),
    trained(3, doubles(1)),
    trained(4, doubles(1), { train_loss: [1] as unknown as number }),
    trained(5, doubles(1), { train_loss: -1 }),
    trained(6, doubles(1), { train_loss: 1e31 }),
    trained(7, doubles(1), { train_loss: NaN }),
  ]);
  assert.deepEqual(outcome.results, [2n]);
  assert.deepEqual(outcome.failures.map(({ nodeId }) => nodeId), [3n, 4n, 5n, 6n, 7n]);
  for (const { code, reason } of outcome.failures) {
    assert.equal(code, undefined);
    assert.match(reason, /^Reply rejected: Metric "train_loss" is/);
  }
});

Deno.test("QFedAvg: a loss above maxLoss, by default a million, does not decide the model", () => {
  const modelOf = (maxLoss?: number) => {
    const strategy = new QFedAvg({ clientLearningRate: 0.1, q: 1, maxLoss });
    return strategy.aggregateTrain(roundOf(doubles(0)), [
      trained(2, doubles(1), { train_loss: 1 }),
      trained(3, doubles(1), { train_loss: 1 }),
      trained(4, doubles(0), { train_loss: 5 }),
      trained(5, doubles(0), { train_loss: 1e30 }),
    ]);
  };
  const usual = modelOf();
  assert.deepEqual([usual.results, usual.failures.map(({ nodeId }) => nodeId)], [[2n, 3n, 4n], [
    5n,
  ]]);
  const strict = modelOf(4);
  assert.deepEqual(strict.failures.map(({ nodeId }) => nodeId), [4n, 5n]);
  assert.ok(numbersOf(strict.arrays!)[0]! > numbersOf(usual.arrays!)[0]!);
  assert.ok(numbersOf(usual.arrays!)[0]! > 0.01);
  for (const maxLoss of [0, -1, NaN, 1e31, Infinity]) {
    assert.throws(() => new QFedAvg({ clientLearningRate: 1, maxLoss }), /maxLoss/);
  }
});

Deno.test("QFedAvg: a node with a loss of exactly 0 has the weight that the formula gives it, or that of addedLoss", () => {
  // η = 1, so L = 1; w = 0. Node 2: w₂ = 1, F = 1: Δ = −1, h = q + 1. Node 3: w₃ = 1, F = 0 + a: Δ = −a^q,
  // h = q·a^(q−1) + a^q.
  const modelOf = (q: number, losses: number[], addedLoss?: number) => {
    const strategy = new QFedAvg({ clientLearningRate: 1, q, addedLoss });
    const { arrays, failures } = strategy.aggregateTrain(
      roundOf(doubles(0)),
      losses.map((train_loss, i) => trained(i + 2, doubles(1), { train_loss })),
    );
    assert.deepEqual(failures, []);
    return numbersOf(arrays!)[0]!;
  };
  const expected = (q: number, a: number) => {
    const [first, second] = [1 + a, a];
    const h = (loss: number) => q * loss ** (q - 1) + loss ** q;
    return (first ** q + second ** q) / (h(first) + h(second));
  };
  for (const q of [0, 0.1, 0.5, 1, 2]) {
    for (const addedLoss of [1e-10, 0.01, 1]) {
      const model = modelOf(q, [1, 0], addedLoss);
      assert.ok(Math.abs(model - expected(q, addedLoss)) < 1e-12, `${q} ${addedLoss}: ${model}`);
    }
    assert.equal(modelOf(q, [1, 0]), modelOf(q, [1, 0], 1e-10), "the default is Flower's");
    assert.ok(Number.isFinite(modelOf(q, [0, 0])), "all losses are 0");
  }
  assert.ok(modelOf(0.1, [1, 0]) < 1e-6, "as Flower: the node holds the model back");
  assert.ok(modelOf(0.1, [1, 0], 0.01) > 0.1);
  // A node that has nothing to change does not: its h is L·F^q alone.
  const still = new QFedAvg({ clientLearningRate: 1, q: 0.1 });
  const { arrays } = still.aggregateTrain(roundOf(doubles(0)), [
    trained(2, doubles(1), { train_loss: 1 }),
    trained(3, doubles(0), { train_loss: 0 }),
  ]);
  assert.ok(numbersOf(arrays!)[0]! > 0.8);
  for (const addedLoss of [0, -1, NaN, 1e7]) {
    assert.throws(() => new QFedAvg({ clientLearningRate: 1, addedLoss }), /addedLoss/);
  }
});

Deno.test("QFedAvg: float32 nodes answer its float64 model, and their replies are taken", () => {
  const single = ArrayRecord.fromTensors({ w: tensor("float32", [1], Float32Array.of(0.5)) });
  const strategy = new QFedAvg({ clientLearningRate: 0.5, elementTypes: "float64" });
  let arrays = single;
  for (let number = 1; number <= 2; number++) {
    const outcome = strategy.aggregateTrain(roundOf(arrays, number), [
      trained(2, single, { train_loss: 1 }),
    ]);
    assert.deepEqual(outcome.failures, []);
    arrays = outcome.arrays!;
    assert.equal(arrays.viewTensors().get("w")!.dtype, "float64");
  }
});

Deno.test("QFedAvg: options that make no sense are refused by name", () => {
  for (const clientLearningRate of [0, -1, NaN, Infinity]) {
    assert.throws(() => new QFedAvg({ clientLearningRate }), /clientLearningRate/);
  }
  assert.throws(() => new QFedAvg({ clientLearningRate: 1, q: -1 }), /q must be/);
  const elementTypes = "float32" as "float64";
  assert.throws(() => new QFedAvg({ clientLearningRate: 1, elementTypes }), /elementTypes/);
});
