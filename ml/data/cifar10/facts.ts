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

/** The data set comes in five batches for training and one for testing, all of one size. */
export const TRAIN_BATCHES = 5;
/** Images in a batch of the real data set. */
export const BATCH_IMAGES = 10_000;
/** Width and height of an image. */
export const IMAGE_SIDE = 32;
/** Bytes of an image: three colours. */
export const IMAGE_BYTES = 3 * IMAGE_SIDE * IMAGE_SIDE;

/** How many images a part has. */
export function splitImages(split: Split, batchImages: number): number {
  return split === "train" ? TRAIN_BATCHES * batchImages : batchImages;
}

/** The tensors of the data file. */
export function cifar10Plans(batchImages: number): TensorPlan[] {
  return (["train", "test"] as const).flatMap((split): TensorPlan[] => {
    const count = splitImages(split, batchImages);
    return [
      { name: `${split}/images`, dtype: "uint8", shape: [count, 3, IMAGE_SIDE, IMAGE_SIDE] },
      { name: `${split}/labels`, dtype: "uint8", shape: [count] },
    ];
  });
}
