import assert from "node:assert/strict";
import { arrayConstructor, DTYPES } from "./dtype.ts";
import { firstBeyond, firstNotFinite } from "./first_not_finite.ts";

const FLOATS = ["float16", "float32", "float64"] as const;

function arrayOf(dtype: typeof FLOATS[number], numbers: readonly number[]) {
  const array = new (arrayConstructor(dtype))(numbers.length);
  array.set(numbers);
  return array;
}

Deno.test("the first element that is not finite is found in every float type", () => {
  for (const dtype of FLOATS) {
    for (const odd of [NaN, Infinity, -Infinity]) {
      assert.equal(firstNotFinite(arrayOf(dtype, [0, -1, odd, odd])), 2, dtype);
    }
    // The largest number of each type, and zero of either sign.
    const largest = { float16: 65504, float32: 3.4028234663852886e38, float64: Number.MAX_VALUE };
    const finite = [0, -0, largest[dtype], -largest[dtype], 5e-324];
    assert.equal(firstNotFinite(arrayOf(dtype, finite)), undefined, dtype);
  }
});

Deno.test("integers of every type are finite", () => {
  for (const dtype of DTYPES.filter((dtype) => !/float/.test(dtype))) {
    const array = new (arrayConstructor(dtype))(3);
    // All bits set: the largest number, or minus one.
    new Uint8Array(array.buffer).fill(dtype === "bool" ? 1 : 255);
    assert.equal(firstNotFinite(array), undefined, dtype);
  }
});

Deno.test("an element above a limit is found, the limit itself is not", () => {
  assert.equal(firstBeyond(Float64Array.of(1, -2, 2, 2.5), 2), 3);
  assert.equal(firstBeyond(Float64Array.of(1, -2.5, NaN), 2), 1);
  assert.equal(firstBeyond(Float64Array.of(1, NaN), 2), 1);
  assert.equal(firstBeyond(Int32Array.of(2, -3), 2), 1);
  assert.equal(firstBeyond(BigInt64Array.of(2n, -2n, -3n), 2), 2);
  assert.equal(firstBeyond(BigUint64Array.of(2n ** 63n, 2n ** 63n + 1n), 2 ** 63), 1);
});
