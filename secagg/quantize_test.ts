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

Deno.test("quantize: the fast path for float32 differs from the exact numbers by less than a step", () => {
  for (const length of [1, 3, 4, 5, 1000, 16_384, 40_001]) {
    const values = Float32Array.from({ length }, (_, i) => 9 * Math.sin(i * 1.7 + length));
    const target = new Int32Array(length + 2).fill(-7);
    const clipped = quantize(
      tensor("float32", [length], values),
      0.95,
      R,
      target,
      1,
      cryptoFractions,
    );
    assert.equal(target[0], -7);
    assert.equal(target[length + 1], -7);
    const scale = Math.fround(0.95);
    const weighed = values.map((value) => value * scale);
    assert.equal(clipped, weighed.filter((value) => Math.abs(value) > 8).length, `${length}`);
    weighed.forEach((value, i) => {
      const within = Math.fround(Math.max(-8, Math.min(8, value)) + 8);
      const exact = Math.fround(within * 2 ** 18);
      const [down, up] = [Math.ceil(exact) - 1, Math.ceil(exact)];
      const got = target[i + 1]!;
      assert.ok(exact === up ? got === up : got === down || got === up, `${value}: ${got}`);
    });
  }
});

Deno.test("quantize: the fast path names the element that is not finite", () => {
  for (const [at, odd] of [[0, NaN], [5, Infinity], [20_000, -Infinity], [20_001, 3e38]] as const) {
    const values = new Float32Array(20_002);
    values[at] = odd;
    const target = new Int32Array(values.length);
    const all = tensor("float32", [values.length], values);
    assert.throws(
      () => quantize(all, 100, R, target, 0, cryptoFractions),
      (error: Error) => error.message.includes(`Element ${at} `),
    );
  }
});
