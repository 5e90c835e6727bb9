import assert from "node:assert/strict";
import { Bulyan } from "./bulyan.ts";
import { doubles, numbersOf, roundOf, trained } from "./testing.ts";

const replies = (...values: number[]) => values.map((value, i) => trained(i + 2, doubles(value)));

Deno.test("Bulyan: the mean of the values around the median of the selected models", () => {
  // n = 7, f = 1: each score is the sum of the 4 smallest squared distances: 30, 15, 10, 10, 15, 30 and 36,430. The
  // θ = 5 lowest are 0 to 4 (0 and 5 tie: the lower node id), their median is 2, the β = 3 closest are 1, 2 and 3.
  const strategy = new Bulyan({ numMaliciousNodes: 1 });
  const outcome = strategy.aggregateTrain(roundOf(doubles(0)), replies(0, 1, 2, 3, 4, 5, 100));
  assert.deepEqual(numbersOf(outcome.arrays!), [2]);
  assert.deepEqual(outcome.results, [2n, 3n, 4n, 5n, 6n]);
  assert.deepEqual(outcome.failures, []);
});

Deno.test("Bulyan: of 11 nodes, 2 liars that agree do not move the model out of the honest values", () => {
  const strategy = new Bulyan({ numMaliciousNodes: 2 });
  const honest = [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8];
  for (const lie of [-1e9, 0, 2, 2.5, 1e9]) {
    const { arrays } = strategy.aggregateTrain(roundOf(doubles(0)), replies(...honest, lie, lie));
    const [value] = numbersOf(arrays!);
    assert.ok(value! >= 1 && value! <= 1.8, `${lie}: ${value}`);
  }
});

Deno.test("Bulyan: with too few replies the old model stays and the unused replies are named", () => {
  const strategy = new Bulyan({ numMaliciousNodes: 1 });
  const outcome = strategy.aggregateTrain(roundOf(doubles(0)), [
    ...replies(1, 2, 3, 4, 5, 6),
    trained(9, doubles(NaN)),
  ]);
  assert.equal(outcome.arrays, undefined);
  assert.equal(outcome.aggregated, false);
  assert.deepEqual(outcome.failures.map(({ nodeId }) => nodeId), [2n, 3n, 4n, 5n, 6n, 7n, 9n]);
  assert.match(outcome.failures[0]!.reason, /needs 7 usable replies .*, got 6/);
});

Deno.test("Bulyan: a selection rule of one's own replaces Krum's, and must select as many as asked", () => {
  const all = replies(5, 1, 2);
  const given: number[][] = [];
  const rule = new Bulyan({
    selectionRule: (candidates, f, count) => {
      given.push([candidates.length, f, count]);
      return candidates;
    },
  });
  assert.deepEqual(numbersOf(rule.aggregateTrain(roundOf(doubles(0)), all).arrays!), [8 / 3]);
  assert.deepEqual(given, [[3, 0, 3]]);
  const short = new Bulyan({ selectionRule: (candidates) => candidates.slice(1) });
  assert.throws(() => short.aggregateTrain(roundOf(doubles(0)), all), /selectionRule.* expected 3/);
});

Deno.test("Bulyan waits for as many nodes as it needs, unless an option says otherwise", async () => {
  const nodes = [2n, 3n, 4n, 5n, 6n, 7n, 8n];
  const strategy = new Bulyan({ numMaliciousNodes: 1, fractionTrain: 0.1 });
  const { messages } = await strategy.configureTrain(roundOf(doubles(0), 1, nodes));
  assert.equal(messages.length, 7);
  const few = new Bulyan({ numMaliciousNodes: 1, fractionTrain: 0.1, minTrainNodes: 2 });
  assert.equal((await few.configureTrain(roundOf(doubles(0), 1, nodes))).messages.length, 2);
  assert.throws(() => new Bulyan({ numMaliciousNodes: 0.5 }), /numMaliciousNodes/);
});
