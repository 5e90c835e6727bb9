import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { selectExamples, selectPartition } from "./select_examples.ts";
import { trainTestSplit } from "./split.ts";

const DATASET = {
  // A view of a larger array, as readers return it.
  x: tensor("float32", [3, 1, 2], new Float32Array([0, 1, 2, 3, 4, 5, 6]).subarray(1)),
  y: tensor("int64", [3], new BigInt64Array([7n, 8n, 9n])),
  classes: ["only"],
};

Deno.test("select examples: in the given order, with repetitions, the rest kept", () => {
  const { x, y, classes } = selectExamples(DATASET, [2, 0, 2]);
  assert.deepEqual(x.shape, [3, 1, 2]);
  assert.deepEqual([...x.data], [5, 6, 1, 2, 5, 6]);
  assert.deepEqual([...y.data], [9n, 7n, 9n]);
  assert.deepEqual(classes, ["only"]);
  assert(x.data.buffer instanceof SharedArrayBuffer, "can be trained on without a copy");
});

Deno.test("select examples: weights go with their examples", () => {
  const weights = tensor("float32", [3], Float32Array.of(1, 2, 3));
  assert.deepEqual([...selectExamples({ ...DATASET, weights }, [2, 1]).weights.data], [3, 2]);
});

Deno.test("select examples: no positions give no examples", () => {
  const none = selectExamples(DATASET, []);
  assert.deepEqual([none.x.shape, none.y.shape], [[0, 1, 2], [0]]);
});

Deno.test("select examples: the copy is independent of the original", () => {
  const copy = selectExamples(DATASET, new Uint32Array([0]));
  copy.x.data[0] = 99;
  assert.equal(DATASET.x.data[0], 1);
});

Deno.test("select examples: a position outside is refused", () => {
  for (const position of [3, -1, 0.5, NaN]) {
    assert.throws(
      () => selectExamples(DATASET, [0, position]),
      (error) =>
        error instanceof FlwrError &&
        error.message === `Position ${position} is outside of the data set: it has 3 examples`,
    );
  }
});

Deno.test("select examples: a partition by its number; unknown numbers are refused", () => {
  const partitions = [new Uint32Array([1]), new Uint32Array([2, 0])];
  assert.deepEqual([...selectPartition(DATASET, partitions, 1).y.data], [9n, 7n]);
  for (const id of [2, -1, 0.5]) {
    assert.throws(
      () => selectPartition(DATASET, partitions, id),
      (error) =>
        error instanceof FlwrError &&
        error.message === `Partition must be an integer from 0 to 1: got ${id}`,
    );
  }
});

Deno.test("select examples: inputs, targets and weights of unequal length are refused with their lengths", () => {
  const four = { ...DATASET, y: tensor("int64", [4], new BigInt64Array(4)) };
  const two = { ...DATASET, weights: tensor("float32", [2], Float32Array.of(1, 1)) };
  for (
    const [dataset, lengths] of [[four, /x has 3, y has 4/], [
      two,
      /x has 3, weights has 2/,
    ]] as const
  ) {
    for (
      const select of [
        () => selectExamples(dataset, [0]),
        () => selectPartition(dataset, [new Uint32Array([0, 1])], 0),
        () => trainTestSplit(dataset, { testFraction: 0.5 }),
      ]
    ) {
      assert.throws(
        select,
        (error) =>
          error instanceof FlwrError && error.code === "invalid-argument" &&
          lengths.test(error.message),
      );
    }
  }
});
