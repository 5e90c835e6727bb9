import assert from "node:assert/strict";
import { type Comparison, comparisonLines, comparisonTable, ratioOf } from "./comparison.ts";

const WALL: Comparison = {
  measure: "wall time",
  unit: "s",
  better: "less",
  values: { flwr: [4, 5, 6], python: [60, 50, 66] },
};
const CALLS: Comparison = {
  measure: "calls",
  unit: "calls/s",
  better: "more",
  values: { flwr: [8000, 9000], python: [2000, 3000] },
};
const ACCURACY: Comparison = {
  measure: "accuracy",
  unit: "fraction",
  better: "neither",
  values: { flwr: [0.4], python: [0.41] },
};

Deno.test("ratioOf: above 1 where flwr is better, whatever is better", () => {
  assert.equal(ratioOf(WALL), 11);
  assert.equal(ratioOf(CALLS), 3.5);
  assert.equal(ratioOf(ACCURACY), undefined);
});

Deno.test("comparisonTable: the best is the least time and the largest rate", () => {
  assert.deepEqual(comparisonTable([WALL, CALLS, ACCURACY]), [
    "|           | flwr best | flwr median | Python best | Python median | flwr is better by |",
    "| --------- | --------: | ----------: | ----------: | ------------: | ----------------: |",
    "| wall time |    4.00 s |      5.00 s |      50.0 s |        60.0 s |             11.0× |",
    "| calls     |    9000/s |      8500/s |      3000/s |        2500/s |             3.50× |",
    "| accuracy  |           |       0.400 |             |         0.410 |                   |",
  ]);
});

Deno.test("comparisonLines: a line of JSON for each number", () => {
  assert.deepEqual(comparisonLines("job", [WALL]).map((line) => JSON.parse(line)), [
    {
      bench: "job",
      measure: "wall time",
      side: "flwr",
      unit: "s",
      best: 4,
      median: 5,
      repeats: 3,
    },
    {
      bench: "job",
      measure: "wall time",
      side: "python",
      unit: "s",
      best: 50,
      median: 60,
      repeats: 3,
    },
    { bench: "job", measure: "wall time", unit: "×", ratio: 11, repeats: 3 },
  ]);
  assert.deepEqual(comparisonLines("job", [ACCURACY]), [
    '{"bench":"job","measure":"accuracy","side":"flwr","unit":"fraction","median":0.4,"repeats":1}',
    '{"bench":"job","measure":"accuracy","side":"python","unit":"fraction","median":0.41,"repeats":1}',
  ]);
});
