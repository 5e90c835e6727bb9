import type { Tensor } from "../../tensor/tensor.ts";
import type { Dataset } from "../../tensor/dataset.ts";

/** Labelled images, held in memory. */
export interface ImageDataset extends Dataset {
  /** [images, channels, height, width], 0 to 255. */
  readonly x: Tensor<"uint8">;
  /** [images]: each image's class, an index into `classes`. */
  readonly y: Tensor<"int64">;
  /** The classes' names. */
  readonly classes: readonly string[];
}
