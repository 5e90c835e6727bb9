import type { Tensor } from "./tensor.ts";

/** Examples to train on or to evaluate with. Row i of `x` and row i of `y` are one example. */
export interface Dataset {
  /** Inputs [examples, …], in the dtype and shape of the model's `input`. */
  readonly x: Tensor;
  /** Targets [examples, …]: for cross-entropy, class labels as integers of any dtype [examples]. */
  readonly y: Tensor;
  /**
   * Weight of each example, float32 [examples], not negative (default: 1 each). A training step minimises the mean of
   * weight · loss over its batch; reported losses and accuracies are weighted means.
   */
  readonly weights?: Tensor;
}
