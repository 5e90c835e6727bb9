import assert from "node:assert/strict";
import { tensor } from "../tensor/tensor.ts";
import { cryptoFractions, quantize, type RandomFractions, roundHalfEven } from "./quantize.ts";

const always = (fraction: number): RandomFractions => (fractions) => {
  fractions.fill(fraction);
};

const R = { clippingRange: 8, quantizationRange: 2 ** 22 };

function integersOf(values: number[], random: RandomFractions, factor = 1) {
  const target = new Int32Array(values.length);
  const data = Float32Array.from(values);
  const clipped = quantize(tensor("float32", [values.length], data), factor, R, target, 0, random);
  return { integers: [...target], clipped };
}

Deno.test("quantize: the ends of the range, clipped elements, and what decides the rounding", () => {
  assert.deepEqual(integersOf([-8, 0, 8], always(0)), {
    integers: [0, 2 ** 21, 2 ** 22],
    clipped: 0,
  });
  assert.deepEqual(integersOf([-9, 100], always(0)), { integers: [0, 2 ** 22], clipped: 2 });
  // A quarter of a step above 0: down with probability 3/4.
  const quarter = 0.25 * 2 ** -18;
  assert.deepEqual(integersOf([quarter - 8], always(0.74)).integers, [0]);
  assert.deepEqual(integersOf([quarter - 8], always(0.76)).integers, [1]);
});

Deno.test("quantize: is right on average", () => {
  const { integers } = integersOf(Array(20_000).fill(0.75 * 2 ** -18 - 8), cryptoFractions);
  const mean = integers.reduce((sum, value) => sum + value) / integers.length;
  // Six standard deviations: sqrt(0.1875 / 20,000) each.
  assert.ok(Math.abs(mean - 0.75) < 0.0184, `mean ${mean}`);
});

Deno.test("quantize: float16 and integers do not overflow", () => {
  const target = new Int32Array(1);
  quantize(tensor("float16", [1], new Float16Array([1])), 1, R, target, 0, always(0.5));
  assert.equal(target[0], 9 * 2 ** 18);
  quantize(tensor("int64", [1], new BigInt64Array([-2n])), 1, R, target, 0, always(0.5));
  assert.equal(target[0], 6 * 2 ** 18);
});

Deno.test("quantize: refuses NaN and infinities, also where clipping would hide them", () => {
  for (const odd of [NaN, Infinity, -Infinity]) {
    assert.throws(() => integersOf([0, odd], always(0)), { code: "invalid-argument" });
  }
});

Deno.test("quantize: rounds halves to even numbers, as Python does", () => {
  const rounded = [0, 0.5, 1.5, 2.5, 2.4999, 2.5001, 7].map(roundHalfEven);
  assert.deepEqual(rounded, [0, 0, 2, 2, 2, 3, 7]);
});
