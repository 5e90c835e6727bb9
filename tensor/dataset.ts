import type { Tensor } from "./tensor.ts";

/** Examples to train on or to evaluate with. Row i of `x` belongs to row i of `y`. */
export interface Dataset {
  /** Inputs [examples, …], of the dtype and shape that the model was made for. */
  readonly x: Tensor;
  /** Targets [examples, …]: class labels as any integers [examples], for cross-entropy. */
  readonly y: Tensor;
  /**
   * How much each example counts, float32 [examples], not negative (default: 1 each). A training step makes the mean of
   * weight · loss over its batch small; losses and accuracies that are told are means by weight.
   */
  readonly weights?: Tensor;
}
