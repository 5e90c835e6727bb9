import assert from "node:assert/strict";
import { FedNova, normalizedSteps } from "./fednova.ts";
import { doubles, numbersOf, roundOf, trained } from "./testing.ts";

const reply = (node: number, value: number, steps: number, examples = 1) =>
  trained(node, doubles(value), { "local-steps": steps, "num-examples": examples });

Deno.test("FedNova: updates are averaged per step, and rescaled by the mean number of steps", () => {
  // w = 1. Node 2: p = 1/4, τ = 2, w₂ = 3: update 2, 1 per step. Node 3: p = 3/4, τ = 6, w₃ = −2: −3, −0.5 per step.
  // τ_eff = 0.5 + 4.5 = 5; w ← 1 + 5·(0.25·1 + 0.75·(−0.5)) = 1 − 0.625 = 0.375.
  const replies = [reply(2, 3, 2, 1), reply(3, -2, 6, 3)];
  const after = (strategy: FedNova, number = 1) =>
    numbersOf(strategy.aggregateTrain(roundOf(doubles(1), number), replies).arrays!);
  assert.deepEqual(after(new FedNova()), [0.375]);
  // Half the server's learning rate moves half as far; a schedule is asked with the round.
  assert.deepEqual(after(new FedNova({ serverLearningRate: 0.5 })), [0.6875]);
  assert.deepEqual(after(new FedNova({ serverLearningRate: (round) => 1 / round }), 2), [0.6875]);
});

Deno.test("FedNova: with equal numbers of steps it is FedAvg", () => {
  const { arrays } = new FedNova().aggregateTrain(roundOf(doubles(0)), [
    reply(2, 1, 7, 1),
    reply(3, 3, 7, 3),
  ]);
  assert.ok(Math.abs(numbersOf(arrays!)[0]! - 2.5) < 1e-12);
});

Deno.test("FedNova: a reply without a sound number of steps is a failure of its node", () => {
  const { results, failures, arrays } = new FedNova({ maxLocalSteps: 100 })
    .aggregateTrain(roundOf(doubles(0)), [
      reply(2, 1, 10),
      trained(3, doubles(9)),
      reply(4, 9, 0),
      reply(5, 9, 0.5),
      reply(6, 9, 101),
      reply(7, 9, -3),
    ]);
  assert.deepEqual(results, [2n]);
  assert.deepEqual(failures.map(({ nodeId }) => nodeId), [3n, 4n, 5n, 6n, 7n]);
  assert.ok(
    failures.every(({ reason }) => /^Reply rejected: Metric "local-steps" is/.test(reason)),
  );
  assert.deepEqual(numbersOf(arrays!), [1]);
});

Deno.test("normalizedSteps counts what momentum adds and a proximal term takes", () => {
  assert.equal(normalizedSteps(5), 5);
  // ρ = 1/2, τ = 3: the gradients act with 1 + 1/2 + 1/4, 1 + 1/2 and 1: 1.75 + 1.5 + 1 = 4.25.
  assert.equal(normalizedSteps(3, { momentum: 0.5 }), 4.25);
  // α = 1/2, τ = 3: 1/4 + 1/2 + 1 = 1.75.
  assert.equal(normalizedSteps(3, { proximalRate: 0.5 }), 1.75);
  assert.throws(() => normalizedSteps(0), /steps/);
  assert.throws(() => normalizedSteps(1, { momentum: 1 }), /momentum/);
  assert.throws(
    () => normalizedSteps(1, { momentum: 0.5, proximalRate: 0.1 }),
    /one of them|no norm/,
  );
});

Deno.test("FedNova: options that make no sense are refused by name", () => {
  assert.throws(() => new FedNova({ maxLocalSteps: 0 }), /maxLocalSteps/);
  assert.throws(() => new FedNova({ serverLearningRate: -1 }), /serverLearningRate/);
  const bad = new FedNova({ serverLearningRate: () => NaN });
  assert.throws(
    () => bad.aggregateTrain(roundOf(doubles(0)), [reply(2, 1, 1)]),
    /serverLearningRate of round 1 must be a number from 0: got NaN/,
  );
});
