import type { Tensor } from "../../tensor/tensor.ts";
import type { Dataset } from "../../tensor/dataset.ts";

/** Labelled images in memory. */
export interface ImageDataset extends Dataset {
  /** uint8 [images, channels, height, width], 0 to 255. */
  readonly x: Tensor<"uint8">;
  /** int64 [images]: each image's class, an index into `classes`. */
  readonly y: Tensor<"int64">;
  /** Names of the classes. */
  readonly classes: readonly string[];
}
