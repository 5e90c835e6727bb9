import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import torch from "../../tests/vectors/ml/class_weights/class_weights.json" with { type: "json" };
import { classCounts, classWeights, exampleWeights, weightsFromCounts } from "./class_weights.ts";

Deno.test("class weights: balanced as scikit-learn's", () => {
  const { labels, balanced } = torch;
  for (const some of [labels, BigInt64Array.from(labels, BigInt)]) {
    classWeights(some).forEach((weight, i) => assert(Math.abs(weight - balanced[i]!) < 1e-12));
  }
  const counts = [labels.slice(0, 6), labels.slice(6)].map((part) => classCounts(part, 3));
  const pooled = counts[0]!.map((count, i) => count + counts[1]![i]!);
  assert.deepEqual(weightsFromCounts(pooled), classWeights(labels));
});

Deno.test("class weights: each example has its class's weight", () => {
  const { dtype, shape, data } = exampleWeights([2, 0, 2], [0.5, 1, 3]);
  assert.deepEqual([dtype, shape, [...data]], ["float32", [3], [3, 0.5, 3]]);
});

Deno.test("class weights: labels and weights that make no sense are refused", () => {
  const attempts: readonly (() => unknown)[] = [
    () => classWeights([]),
    () => classWeights([0, 2]),
    () => classWeights([0, -1]),
    () => classWeights([0.5]),
    () => classWeights([0, 2 ** 40]),
    () => classCounts([0, 3], 3),
    () => classCounts([0], 0),
    () => weightsFromCounts([1, 1.5]),
    () => exampleWeights([0, 1], [1]),
    () => exampleWeights([0], [-1]),
    () => exampleWeights([0], [NaN]),
    () => exampleWeights([0], [1e39]),
  ];
  for (const attempt of attempts) {
    assert.throws(
      attempt,
      (error) => error instanceof FlwrError && error.code === "invalid-argument",
      String(attempt),
    );
  }
});
