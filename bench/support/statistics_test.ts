import assert from "node:assert/strict";
import { median, pairedRatio } from "./statistics.ts";

Deno.test("median: the middle value, or the mean of two, in any order", () => {
  assert.equal(median([7]), 7);
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 2, 4, 100]), 7);
  assert.equal(median([2, 1]), 1.5);
});

Deno.test("median: the numbers keep their order", () => {
  const values = [3, 1, 2];
  median(values);
  assert.deepEqual(values, [3, 1, 2]);
});

Deno.test("pairedRatio: turns are compared with themselves, not medians with medians", () => {
  // In the second turn the machine was ten times slower; the medians' quotient would be 10 / 4.
  assert.equal(pairedRatio([4, 40, 10], [2, 20, 4]), 2);
  assert.throws(() => pairedRatio([1, 2], [1]), /2 values cannot be paired with 1/);
});
