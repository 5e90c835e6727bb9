import assert from "node:assert/strict";
import { constantStaleness, hingeStaleness, polynomialStaleness } from "./staleness.ts";

Deno.test("staleness: the three functions of the paper", () => {
  const at = (weight: (staleness: number) => number) => [0, 3, 4, 5, 8].map(weight);
  assert.deepEqual(at(constantStaleness()), [1, 1, 1, 1, 1]);
  assert.deepEqual(at(polynomialStaleness()), [1, 1 / 2, 5 ** -0.5, 6 ** -0.5, 1 / 3]);
  assert.deepEqual(at(polynomialStaleness(1)), [1, 1 / 4, 1 / 5, 1 / 6, 1 / 9]);
  assert.deepEqual(at(hingeStaleness()), [1, 1, 1, 1 / 11, 1 / 41]);
  assert.deepEqual(at(hingeStaleness({ a: 1, b: 3 })), [1, 1, 1 / 2, 1 / 3, 1 / 6]);
});

Deno.test("staleness: options out of range are refused by name", () => {
  assert.throws(() => polynomialStaleness(-1), /a must be a number from 0: got -1/);
  assert.throws(() => hingeStaleness({ b: NaN }), /b must be a number from 0: got NaN/);
});
