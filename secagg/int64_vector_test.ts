import assert from "node:assert/strict";
import { encodeNpy } from "../tensor/npy.ts";
import { tensor } from "../tensor/tensor.ts";
import { addInt64Arrays, encodeInt64Arrays } from "./int64_vector.ts";

const SHAPES = [[1], [2, 2], []];

Deno.test("int64 vector: is reduced, written, read and added", () => {
  const vector = Int32Array.of(1, -1, 2, 3, 4, 1 << 30);
  for (const [modulus, second, last] of [[2 ** 32, 2 ** 32 - 1, 2 ** 30], [16, 15, 0]] as const) {
    const arrays = encodeInt64Arrays(vector, SHAPES, modulus);
    const sum = Int32Array.of(1, 1, 1, 1, 1, 1);
    addInt64Arrays(sum, arrays, SHAPES, modulus);
    const expected = [2, second + 1, 3, 4, 5, last + 1].map((value) => value | 0);
    assert.deepEqual([...sum], expected);
  }
});

Deno.test("int64 vector: arrays that do not fit are refused", () => {
  const fits = encodeInt64Arrays(new Int32Array(6), SHAPES, 16);
  const add = (arrays: Uint8Array[]) => addInt64Arrays(new Int32Array(6), arrays, SHAPES, 16);
  const of = (values: bigint[]) => encodeNpy(tensor("int64", [1], BigInt64Array.from(values)));
  add(fits);
  const refused = { code: "invalid-argument" };
  assert.throws(() => add(fits.slice(1)), refused);
  assert.throws(() => add([...fits, fits[0]!]), refused);
  assert.throws(() => add([fits[1]!, fits[0]!, fits[2]!]), refused);
  assert.throws(() => add([new Uint8Array(8), ...fits.slice(1)]), refused);
  for (const odd of [16n, -1n, 1n << 32n]) {
    assert.throws(() => add([of([odd]), ...fits.slice(1)]), refused);
  }
  const float = encodeNpy(tensor("float64", [1], new Float64Array(1)));
  assert.throws(() => add([float, ...fits.slice(1)]), refused);
});
