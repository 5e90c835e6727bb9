import assert from "node:assert/strict";
import { spreadOf, standardErrors } from "./spread.ts";

Deno.test("the spread of a sample is estimated with n - 1", () => {
  assert.deepEqual(spreadOf([1, 2, 3]), { mean: 2, deviation: 1, count: 3 });
});

Deno.test("means differ by standard errors, with a sign", () => {
  const low = spreadOf([1, 2, 3]);
  const high = spreadOf([3, 4, 5]);
  // both variances 1, three values each: the standard error is √(1/3 + 1/3)
  assert.equal(standardErrors(low, high), -2 / Math.sqrt(2 / 3));
  assert.equal(standardErrors(high, low), 2 / Math.sqrt(2 / 3));
});
