import assert from "node:assert/strict";
import { tensor } from "../../tensor/tensor.ts";
import { add, div, fill, mul, sub } from "./elementwise.ts";
import { gather } from "./indexing.ts";
import { matmul } from "./linear.ts";
import { broadcastTo, concat, reshape, slice, transpose } from "./movement.ts";
import { normalize } from "./normalize.ts";
import { argMax, cumSum, reduceMean, reduceSum, softmax } from "./reduce.ts";
import { findRowMixing } from "./rows.ts";
import { constant, input, type Value } from "./value.ts";

type Build = (x: Value, batch: number) => Value;

function mixing(shape: readonly number[], build: Build): Value | undefined {
  const [graph, other] = [37, 41].map((batch) => {
    const x = input("x", "float32", [batch, ...shape]);
    return { inputs: [x], outputs: [build(x, batch)] };
  });
  return findRowMixing(graph!, other!);
}

const weights = constant(tensor("float32", [4, 4], new Float32Array(16).fill(1)));
/** Attention with two heads in PyTorch's layout: the sequence first, batch and heads in one axis. */
function attention(x: Value, batch: number): Value {
  const sequence = transpose(x, [1, 0, 2]);
  const flat = reshape(sequence, [3 * batch, 4]);
  const heads = transpose(reshape(matmul(flat, weights), [3, batch * 2, 2]), [1, 0, 2]);
  const scores = softmax(matmul(heads, transpose(heads, [0, 2, 1])));
  const seen = transpose(matmul(scores, heads), [1, 0, 2]);
  return transpose(reshape(seen, [3, batch, 4]), [1, 0, 2]);
}

const APART: Readonly<Record<string, readonly [readonly number[], Build]>> = {
  "a dense layer": [[4], (x) => add(matmul(x, weights), fill(1, "float32", [4]))],
  "a softmax over classes": [[4], (x) => softmax(x)],
  "sums over features": [[3, 4], (x) => reduceSum(x, { axes: [1] })],
  "layer normalisation": [[4], (x) => normalize(x, { axes: [1], epsilon: 0.1 })],
  "attention with the batch in the middle": [[3, 4], attention],
  "a token in front of each sequence": [
    [3, 4],
    (x, batch) => concat([broadcastTo(fill(2, "float32", [1, 1, 4]), [batch, 1, 4]), x], 1),
  ],
  "zeros with one row per example": [
    [4],
    (x, batch) => add(x, fill(0, "float32", [batch, 4])),
  ],
  "positions": [[4], (x) => argMax(x, 1)],
  "features of all positions as a table of rows": [
    [3, 4],
    (x, batch) => reshape(matmul(reshape(x, [batch * 3, 4]), weights), [batch, 12]),
  ],
  "the last position": [
    [3, 4],
    (x, batch) => reshape(slice(x, [0, 2, 0], [batch, 3, 4]), [batch, 4]),
  ],
};

for (const [what, [shape, build]] of Object.entries(APART)) {
  Deno.test(`${what} keeps rows apart`, () => {
    assert.equal(mixing(shape, build), undefined);
  });
}

const gram: Build = (x) => matmul(matmul(x, transpose(x)), x);

const MIXED: Readonly<Record<string, readonly [readonly number[], Build]>> = {
  "a softmax over the batch": [[4], (x) => softmax(x, 0)],
  "sums up to each row": [[4], (x) => cumSum(x, 0)],
  "the mean of the batch": [[4], (x) => sub(x, reduceMean(x, { axes: [0], keep: true }))],
  "statistics of the batch": [[4], (x) => normalize(x, { axes: [0], epsilon: 0.1 })],
  "products of rows": [[4], gram],
  "the batch's length": [[4], (x, batch) => div(x, batch)],
  "numbers for each place in the batch": [
    [4],
    (x, batch) =>
      mul(
        x,
        constant(tensor("float32", [batch, 1], Float32Array.from({ length: batch }, (_, i) => i))),
      ),
  ],
  "rows in another order": [
    [4],
    (x, batch) =>
      gather(
        x,
        constant(tensor(
          "int64",
          [batch],
          BigInt64Array.from({ length: batch }, (_, i) => BigInt(batch - 1 - i)),
        )),
      ),
  ],
  "sequences cut at other places": [
    [3, 4],
    (x, batch) => transpose(reshape(x, [3, batch, 4]), [1, 0, 2]),
  ],
  "attention over the batch": [
    [3, 4],
    (x) => {
      const along = transpose(x, [1, 0, 2]);
      const scores = softmax(matmul(along, transpose(along, [0, 2, 1])));
      return transpose(matmul(scores, along), [1, 0, 2]);
    },
  ],
  "a part of the batch in another's place": [
    [4],
    (x, batch) => concat([slice(x, [1, 0], [batch, 4]), slice(x, [0, 0], [1, 4])], 0),
  ],
};

for (const [what, [shape, build]] of Object.entries(MIXED)) {
  Deno.test(`${what} is detected`, () => {
    assert.notEqual(mixing(shape, build), undefined);
  });
}
