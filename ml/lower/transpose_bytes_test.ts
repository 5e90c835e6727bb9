import assert from "node:assert/strict";
import { cast, div, mul, sub } from "../graph/elementwise.ts";
import { reshape, transpose } from "../graph/movement.ts";
import { input } from "../graph/value.ts";
import { constant } from "../graph/value.ts";
import { assertSameMeaning, real } from "../testing/compare.ts";
import { tensor } from "../../tensor/tensor.ts";
import { transposeBytes } from "./transpose_bytes.ts";

Deno.test("pixels are transposed as bytes, before they are normalised", () => {
  const rows = input("rows", "uint8", [5, 24]);
  const means = constant(tensor("float32", [2, 1, 1], Float32Array.of(100, 150)));
  const pixels = cast(reshape(rows, [5, 2, 3, 4]), "float32");
  const images = div(mul(sub(pixels, means), 1 / 128), 0.5);
  const scale = real("scale", [1]);
  const rewritten = assertSameMeaning(
    transposeBytes,
    mul(transpose(images, [1, 2, 3, 0]), scale),
    [scale],
    1,
  );
  let value = rewritten.inputs[0]!;
  while (value.primitive !== "cast") value = value.inputs[0]!;
  const moved = value.inputs[0]!.inputs[0]!;
  assert.equal(moved.primitive, "transpose");
  assert.deepEqual([moved.dtype, moved.shape], ["uint8", [24, 5]]);
});

Deno.test("a transpose of numbers that were not bytes stays", () => {
  const x = transpose(mul(real("x", [2, 3]), 2));
  assert.equal(transposeBytes([x])[0], x);
});
