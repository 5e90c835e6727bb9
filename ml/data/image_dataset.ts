import { FlwrError } from "../../base/error.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";

/** Labelled images, held in memory. */
export interface ImageDataset {
  /** [examples, channels, height, width], 0 to 255. */
  readonly images: Tensor<"uint8">;
  /** [examples]: each image's class, an index into `classes`. */
  readonly labels: Tensor<"int64">;
  /** The classes' names. */
  readonly classes: readonly string[];
}

/** How many examples a data set has. */
export function exampleCount(dataset: ImageDataset): number {
  return dataset.labels.data.length;
}

/**
 * The examples at the given positions, in that order: one node's share, for example. The rows are copied.
 *
 * @throws FlwrError "invalid-argument" for a position outside of the data set
 */
export function selectExamples(dataset: ImageDataset, positions: ArrayLike<number>): ImageDataset {
  const { images, labels, classes } = dataset;
  const imageShape = images.shape.slice(1);
  const size = elementCount(imageShape);
  const pixels = new Uint8Array(positions.length * size);
  const chosen = new BigInt64Array(positions.length);
  for (let i = 0; i < positions.length; i++) {
    const from = positions[i]!;
    const label = labels.data[from];
    if (label === undefined) {
      throw new FlwrError(
        "invalid-argument",
        `Position ${from} is outside of the data set: it has ${labels.data.length} examples`,
      );
    }
    pixels.set(images.data.subarray(from * size, (from + 1) * size), i * size);
    chosen[i] = label;
  }
  return {
    images: tensor("uint8", [positions.length, ...imageShape], pixels),
    labels: tensor("int64", [positions.length], chosen),
    classes,
  };
}
