import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { sameShape, showShape } from "../graph/shape.ts";

/** Examples to train on or to evaluate with. Row i of `x` belongs to row i of `y`. */
export interface Dataset {
  /** Inputs [examples, …], of the dtype and shape that the model was made for. */
  readonly x: Tensor;
  /** Targets [examples, …]: class labels as any integers [examples], for cross-entropy. */
  readonly y: Tensor;
}

/** How many examples a data set has. */
export function datasetSize({ x }: Dataset): number {
  return x.shape[0] ?? 0;
}

/**
 * @param shape shape of one example
 * @throws FlwrError "invalid-argument" when there are no examples, rows do not pair up, or examples have another shape
 */
export function checkInputs(x: Tensor, dtype: string, shape: readonly number[]): void {
  const got = `${x.dtype} ${showShape(x.shape)}`;
  if (x.dtype !== dtype || !sameShape(x.shape.slice(1), shape)) {
    throw new FlwrError(
      "invalid-argument",
      `The model is for inputs ${dtype} [examples, ${shape.join(", ")}]: got ${got}`,
    );
  }
  if (x.shape[0] === 0) {
    throw new FlwrError("invalid-argument", `The data set has no examples: got ${got}`);
  }
}

/** As {@link checkInputs}, for inputs with targets. */
export function checkDataset(dataset: Dataset, dtype: string, shape: readonly number[]): void {
  checkInputs(dataset.x, dtype, shape);
  if (dataset.y.shape[0] !== dataset.x.shape[0]) {
    throw new FlwrError(
      "invalid-argument",
      `Inputs and targets must pair up: got ${showShape(dataset.x.shape)} and ` +
        showShape(dataset.y.shape),
    );
  }
}
