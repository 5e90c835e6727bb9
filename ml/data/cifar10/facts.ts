import type { TensorPlan } from "../tensor_file_layout.ts";

/** The classes of CIFAR-10 in the order of their labels (Krizhevsky, 2009). */
export const CIFAR10_CLASSES: readonly string[] = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
];

/** The two parts of the data set. */
export type Split = "train" | "test";

/** Number of training batches. There is one test batch; all have the same size. */
export const TRAIN_BATCHES = 5;
/** Number of images per batch in the real data set. */
export const BATCH_IMAGES = 10_000;
/** Width and height of an image, in pixels. */
export const IMAGE_SIDE = 32;
/** Bytes per image: three channels. */
export const IMAGE_BYTES = 3 * IMAGE_SIDE * IMAGE_SIDE;

/** Number of images in a part. */
export function splitImages(split: Split, batchImages: number): number {
  return split === "train" ? TRAIN_BATCHES * batchImages : batchImages;
}

/** The tensors in the data file. */
export function cifar10Plans(batchImages: number): TensorPlan[] {
  return (["train", "test"] as const).flatMap((split): TensorPlan[] => {
    const count = splitImages(split, batchImages);
    return [
      { name: `${split}/images`, dtype: "uint8", shape: [count, 3, IMAGE_SIDE, IMAGE_SIDE] },
      { name: `${split}/labels`, dtype: "uint8", shape: [count] },
    ];
  });
}
