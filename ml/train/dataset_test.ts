import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { conv2d } from "../nn/convolution.ts";
import { binaryCrossEntropy, type Loss, meanSquaredError, weighted } from "../nn/loss.ts";
import { sequential } from "../nn/sequential.ts";
import { sgd } from "../nn/sgd.ts";
import type { Augmentation } from "./augment.ts";
import { checkAugmentedTargets, checkDataset, datasetParts } from "./dataset.ts";
import { Model } from "./model.ts";

/** A network for masks of images [1, 2, 3]. Refused data never reach an engine. */
function maskModel(loss: Loss, augment?: Augmentation): Model {
  return new Model({
    network: sequential(conv2d({ out: 1, kernel: 1 })),
    input: { shape: [1, 2, 3], normalize: { mean: 0.5, deviation: 0.5 }, augment },
    loss,
    optimizer: sgd({ learningRate: 0.1 }),
  });
}

const IMAGES = tensor("uint8", [2, 1, 2, 3], new Uint8Array(12));

function refused(pattern: RegExp, hint: RegExp) {
  return (error: unknown) =>
    error instanceof FlwrError && error.code === "invalid-argument" &&
    pattern.test(error.message) && hint.test(error.hints.join());
}

Deno.test("targets outside of the loss's range are refused, with their example", async () => {
  const masks = (value: number): Tensor[] => {
    const numbers = [0, 1, 0, 1, 0, 1, 0, 1, 0, value, 0, 1];
    const all: Tensor[] = [tensor("float32", [2, 1, 2, 3], Float32Array.from(numbers))];
    if (!Number.isInteger(value)) return all;
    all.push(tensor("int64", [2, 1, 2, 3], BigInt64Array.from(numbers, BigInt)));
    all.push(tensor("int16", [2, 1, 2, 3], Int16Array.from(numbers)));
    return all;
  };
  for (
    const [value, hint] of [
      [255, /by 255/],
      [2, /crossEntropy/],
      [-1, /[Ss]cale/],
      [1.5, /[Ss]cale/],
      [NaN, /missing/],
      [-Infinity, /[Ss]cale/],
    ] as const
  ) {
    for (const loss of [binaryCrossEntropy(), weighted(binaryCrossEntropy(), 2)]) {
      await using model = maskModel(loss);
      for (const y of masks(value)) {
        const wrong = refused(new RegExp(`from 0 to 1: got ${value} for example 1$`), hint);
        await assert.rejects(model.fit({ x: IMAGES, y }), wrong);
        await assert.rejects(model.trainStep({ x: IMAGES, y }), wrong);
        await assert.rejects(model.evaluate({ x: IMAGES, y }), wrong);
      }
    }
  }
});

Deno.test("targets at the ends of the range are accepted, and any by a loss without a range", () => {
  const specs = new Map([["", { shape: [1, 2, 3] }]]);
  const check = (y: Tensor, range?: readonly [number, number]) =>
    checkDataset(
      datasetParts({ x: IMAGES, y }),
      specs,
      new Map([["", { kind: "any", range }]]),
    );
  check(tensor("float32", [2, 3], Float32Array.of(0, -0, 0.5, 1, 1e-30, 0)), [0, 1]);
  check(tensor("uint64", [2, 2], BigUint64Array.of(0n, 1n, 1n, 0n)), [0, 1]);
  check(tensor("float32", [2, 1], Float32Array.of(255, -3)));
  assert.equal(meanSquaredError().targetRange, undefined);
});

Deno.test("training with augmentation refuses targets in the form of the images", async () => {
  const y = tensor("uint8", [2, 1, 2, 3], new Uint8Array(12));
  for (const augment of [{ horizontalFlip: true }, { crop: 1 }]) {
    await using model = maskModel(binaryCrossEntropy(), augment);
    const wrong = refused(/height and width: got \[examples, 1, 2, 3\]$/, /augment/);
    await assert.rejects(model.fit({ x: IMAGES, y }), wrong);
    await assert.rejects(model.trainStep({ x: IMAGES, y }), wrong);
  }
});

Deno.test("augmentation refuses targets with height and width, and no others", () => {
  const check = (target: readonly number[], augment: Augmentation, image = [4, 2, 3]) =>
    checkAugmentedTargets(
      datasetParts({
        x: tensor("uint8", [0, ...image], new Uint8Array()),
        y: { mask: tensor("uint8", [0, ...target], new Uint8Array()) },
      }),
      new Map([["image", { shape: image, augment }], ["table", { shape: [2, 3] }]]),
    );
  for (const target of [[2, 3], [1, 2, 3], [2, 3, 5], [9, 2, 3, 1]]) {
    assert.throws(() => check(target, { crop: 1 }), refused(/targets "mask"/, /augment/));
  }
  for (const target of [[], [2], [6], [3, 2], [2, 1, 3], [4, 5, 5]]) check(target, { crop: 1 });
  for (const off of [{}, { horizontalFlip: false, crop: 0 }]) check([2, 3], off);
  check([1, 1], { horizontalFlip: true }, [3, 1, 1]);
});
