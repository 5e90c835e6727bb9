import assert from "node:assert/strict";
import { add } from "./elementwise.ts";
import { conv, maxPool } from "./convolution.ts";
import { matmul } from "./linear.ts";
import { concat, reshape, slice, transpose } from "./movement.ts";
import { broadcastShapes, normalizeAxes } from "./shape.ts";
import { input } from "./value.ts";

const of = (...shape: number[]) => input("x", "float32", shape);

Deno.test("shapes broadcast as in numpy", () => {
  assert.deepEqual(broadcastShapes("add", [3, 1, 5], [4, 1]), [3, 4, 5]);
  assert.deepEqual(broadcastShapes("add", [], [2]), [2]);
  assert.deepEqual(broadcastShapes("add", [0], [1]), [0]);
});

Deno.test("axes count from both ends", () => {
  assert.deepEqual(normalizeAxes([2, 3, 4], [-1, 0]), [0, 2]);
  assert.throws(() => normalizeAxes([2, 3], [2]), /not axes of an array of shape \[2, 3\]/);
  assert.throws(() => normalizeAxes([2, 3], [1, -1]), /not axes/);
});

Deno.test("the error for shapes that do not fit names both", () => {
  assert.throws(() => add(of(2, 3), of(4)), /"add": \[2, 3\] and \[4\]/);
  assert.throws(() => matmul(of(2, 3), of(4, 5)), /got \[2, 3\] and \[4, 5\]/);
  assert.throws(() => reshape(of(2, 3), [4]), /shape \[2, 3\] cannot be reshaped to \[4\]/);
  assert.throws(() => transpose(of(2, 3), [0, 0]), /not axes/);
  assert.throws(() => concat([of(2, 3), of(2, 4)]), /\[2, 3\] and float32 \[2, 4\]/);
  assert.throws(() => slice(of(3), [1], [4]), /not inside an array of shape \[3\]/);
  assert.throws(
    () => conv(of(1, 2, 5, 5), of(4, 3, 3, 3)),
    /needs an input .*3.*got \[1, 2, 5, 5\]/,
  );
  assert.throws(() => conv(of(1, 3, 2, 5), of(4, 3, 3, 3)), /\[3,3\] does not fit into \[2,5\]/);
  assert.throws(() => maxPool(of(1, 3, 4, 4), 2, { stride: 0 }), /positive integers/);
  assert.throws(() => maxPool(of(1, 3, 4, 4), 2, { padding: 2 }), /at most half/);
});
