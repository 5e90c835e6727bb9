import assert from "node:assert/strict";
import { arrayConstructor, DTYPES, itemSize } from "./dtype.ts";

Deno.test("dtype: the size of an element matches the type's name", () => {
  for (const dtype of DTYPES) {
    const bits = /\d+$/.exec(dtype)?.[0];
    assert.equal(itemSize(dtype), bits === undefined ? 1 : Number(bits) / 8, dtype);
  }
});

Deno.test("dtype: 64-bit integers are exact, booleans are bytes", () => {
  const big = new (arrayConstructor("uint64"))(1);
  big[0] = 2n ** 64n - 1n;
  assert.equal(big[0], 18446744073709551615n);
  assert.equal(arrayConstructor("bool"), Uint8Array);
});
