import { FlwrError } from "../../base/error.ts";
import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** The progress of a training when its parameters are checked. */
export interface TrainingProgress {
  /** Number of completed steps. */
  readonly step: number;
  readonly epoch: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
}

/**
 * Checks that training left only finite parameters.
 *
 * @param before the parameters before training: one that was not finite then may stay so
 * @throws FlwrError "failed-precondition" that names the parameter, the step and the learning rate
 */
export function requireFinite(
  parameters: ReadonlyMap<string, Tensor>,
  before: ReadonlyMap<string, Tensor>,
  { step, epoch, learningRate }: TrainingProgress,
): void {
  for (const [name, value] of parameters) {
    const at = firstNotFinite(value.data);
    if (at === undefined) continue;
    const start = before.get(name);
    if (start !== undefined && firstNotFinite(start.data) !== undefined) continue;
    throw new FlwrError(
      "failed-precondition",
      `Parameter "${name}" became ${
        value.data[at]
      } by step ${step} (epoch ${epoch}), learning rate ${learningRate}`,
      { hints: ["Use a smaller learning rate", "Look for NaN or huge numbers in the data"] },
    );
  }
}
