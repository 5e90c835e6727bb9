import assert from "node:assert/strict";
import { FlwrError } from "../base/error.ts";
import { elementCount, tensor, tensorBytes, zeros } from "./tensor.ts";

Deno.test("tensor: a scalar has one element, an empty axis none", () => {
  assert.equal(elementCount([]), 1);
  assert.equal(elementCount([3, 0, 2]), 0);
  assert.equal(elementCount([3, 4]), 12);
});

Deno.test("tensor: keeps the data without a copy and its own shape", () => {
  const data = new Float32Array(6);
  const shape = [2, 3];
  const made = tensor("float32", shape, data);
  shape[0] = 9;
  assert.equal(made.data, data);
  assert.deepEqual(made.shape, [2, 3]);
});

Deno.test("tensor: refuses data that does not fill the shape", () => {
  assert.throws(
    () => tensor("int8", [2, 2], new Int8Array(3)),
    (error) =>
      error instanceof FlwrError && error.code === "invalid-argument" &&
      error.message === "Shape [2,2] needs 4 elements: got 3",
  );
});

Deno.test("tensor: refuses axes that are not lengths", () => {
  for (const axis of [-1, 0.5, NaN, Infinity]) {
    assert.throws(() => tensor("int8", [axis], new Int8Array(0)), FlwrError);
  }
});

Deno.test("tensor: zeros has the type's array, of the shape's size", () => {
  const made = zeros("int64", [2, 2]);
  assert(made.data instanceof BigInt64Array);
  assert.deepEqual([...made.data], [0n, 0n, 0n, 0n]);
});

Deno.test("tensor: bytes are a view of the elements, from their offset", () => {
  const whole = new Uint16Array([1, 2, 3]);
  const made = tensor("uint16", [2], whole.subarray(1));
  const bytes = tensorBytes(made);
  assert.deepEqual([...bytes], [2, 0, 3, 0]);
  bytes[0] = 7;
  assert.equal(whole[1], 7);
});
