import { FlwrError } from "../../base/error.ts";
import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import type { Context } from "../context.ts";
import type { Message } from "../message.ts";
import { isArrayRecord } from "../record_dict.ts";
import { checkNumber, checkPositive } from "../../base/check_option.ts";
import { mapFloats } from "./float_arrays.ts";
import { CONTROL_RECORD } from "./scaffold.ts";

/** The training of a node in a round of SCAFFOLD. */
export interface LocalTraining {
  /** The model after training, by name. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** K, the number of steps (`FitResult.steps`), from 1. */
  readonly steps: number;
  /** ηₗ, the learning rate of each step, above 0. */
  readonly learningRate: number;
}

/** A node's half of a round of SCAFFOLD. */
export interface ScaffoldRound {
  /** c − cᵢ, by parameter name: give it to `model.fit` as `correction`. */
  readonly correction: ReadonlyMap<string, Tensor>;
  /**
   * Updates the node's control variate in its state.
   *
   * @returns the records to reply in addition to model and metrics
   * @throws FlwrError "invalid-argument" when a number is out of range, "failed-precondition" when the control variate
   * would not be finite
   */
  finish(training: LocalTraining): { readonly "scaffold-control": ArrayRecord };
}

/**
 * Starts a node's half of a round of {@link Scaffold}. Its model must be trained by SGD without momentum, weight decay or
 * clipping, at one learning rate.
 *
 * @example
 * ```ts
 * new ClientApp().train(async (message, context) => {
 *   const arrays = message.content.arrayRecord("arrays");
 *   const { correction, finish } = scaffoldRound(message, context);
 *   model.setParameters(arrays.tensors());
 *   const { steps } = await model.fit(data, { correction, learningRate: 0.1 });
 *   const parameters = model.getParameters();
 *   return {
 *     arrays: ArrayRecord.fromTensors(parameters),
 *     metrics: new MetricRecord({ "num-examples": datasetSize(data) }),
 *     ...finish({ parameters, steps, learningRate: 0.1 }),
 *   };
 * });
 * ```
 *
 * @param arraysKey the record of the model (default "arrays")
 * @throws FlwrError "not-found" when the message has no control variate: the strategy must be `Scaffold`
 */
export function scaffoldRound(
  { content }: Message,
  { state }: Context,
  arraysKey = "arrays",
): ScaffoldRound {
  const sent = content.arrayRecord(arraysKey).viewTensors();
  const server = content.arrayRecord(CONTROL_RECORD).viewTensors();
  const kept = state.get(CONTROL_RECORD);
  const own = isArrayRecord(kept) ? kept.viewTensors() : new Map<string, Tensor>();
  const at = (control: ReadonlyMap<string, Tensor>, name: string) => {
    const data = control.get(name)?.data;
    return (i: number) => Number(data?.[i] ?? 0);
  };
  const isFirst = server.size === 0 && own.size === 0;
  const correction = isFirst ? new Map<string, Tensor>() : mapFloats(sent, (name) => {
    const [c, ci] = [at(server, name), at(own, name)];
    return (i) => c(i) - ci(i);
  });
  return {
    correction,
    finish({ parameters, steps, learningRate }) {
      checkNumber("steps", steps, 1);
      checkPositive("learningRate", learningRate);
      const change = mapFloats(sent, (name, x) => {
        const y = parameters.get(name)?.data;
        if (y?.length !== x.data.length) {
          throw new FlwrError(
            "invalid-argument",
            `parameters lack "${name}" with ${x.data.length} elements`,
            { hints: ["Give all parameters of the model: model.getParameters()"] },
          );
        }
        const c = at(server, name);
        return (i) => (Number(x.data[i]!) - Number(y[i]!)) / (steps * learningRate) - c(i);
      });
      for (const [name, { data }] of change) {
        const odd = firstNotFinite(data);
        if (odd === undefined) continue;
        throw new FlwrError(
          "failed-precondition",
          `The control variate of "${name}" would not be finite: element ${odd} is ${data[odd]}`,
          { hints: ["Is the learning rate the one that the model was trained with?"] },
        );
      }
      const next = mapFloats(change, (name, { data }) => {
        const ci = at(own, name);
        return (i) => ci(i) + Number(data[i]!);
      });
      state.set(CONTROL_RECORD, ArrayRecord.fromTensors(next));
      return { [CONTROL_RECORD]: ArrayRecord.fromTensors(change) };
    },
  };
}
