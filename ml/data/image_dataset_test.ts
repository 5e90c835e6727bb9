import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { exampleCount, type ImageDataset, selectExamples } from "./image_dataset.ts";
import { toPlanar } from "./planar.ts";

const DATASET: ImageDataset = {
  images: tensor("uint8", [3, 1, 1, 2], new Uint8Array([1, 2, 3, 4, 5, 6])),
  labels: tensor("int64", [3], new BigInt64Array([7n, 8n, 9n])),
  classes: [],
};

Deno.test("image data set: examples are selected in the given order, with repetitions", () => {
  const { images, labels } = selectExamples(DATASET, [2, 0, 2]);
  assert.deepEqual(images.shape, [3, 1, 1, 2]);
  assert.deepEqual([...images.data], [5, 6, 1, 2, 5, 6]);
  assert.deepEqual([...labels.data], [9n, 7n, 9n]);
});

Deno.test("image data set: no positions give no examples", () => {
  const none = selectExamples(DATASET, []);
  assert.equal(exampleCount(none), 0);
  assert.deepEqual(none.images.shape, [0, 1, 1, 2]);
});

Deno.test("image data set: a position outside is refused", () => {
  for (const position of [3, -1, 0.5]) {
    assert.throws(
      () => selectExamples(DATASET, [0, position]),
      (error) =>
        error instanceof FlwrError &&
        error.message === `Position ${position} is outside of the data set: it has 3 examples`,
    );
  }
});

Deno.test("planar: two images of two pixels with three channels", () => {
  const pixels = new Uint8Array([1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]);
  assert.deepEqual(
    [...toPlanar(pixels, 2, 3)],
    [1, 4, 2, 5, 3, 6, 11, 14, 12, 15, 13, 16],
  );
});
