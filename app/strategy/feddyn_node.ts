import { FlwrError } from "../../base/error.ts";
import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import type { Context } from "../context.ts";
import type { Message } from "../message.ts";
import { isArrayRecord } from "../record_dict.ts";
import { ALPHA_KEY } from "./feddyn.ts";
import { mapFloats } from "./float_arrays.ts";

/** The record of λₖ in the node's state. */
const STATE_RECORD = "feddyn-gradient";

/** A node's half of a round of FedDyn: give `correction` and `proximal` to `model.fit`. */
export interface DynRound {
  /** −λₖ, by parameter name. */
  readonly correction: ReadonlyMap<string, Tensor>;
  /** α, the strength of the proximal term. */
  readonly proximal: number;
  /**
   * Updates λₖ in the node's state.
   *
   * @param parameters the model after training
   * @throws FlwrError "invalid-argument" when a parameter is missing, "failed-precondition" when λₖ would not be finite
   */
  finish(parameters: ReadonlyMap<string, Tensor>): void;
}

/**
 * Starts a node's half of a round of `FedDyn`. The model must start from the one that was sent.
 *
 * @example
 * ```ts
 * const { correction, proximal, finish } = dynRound(message, context);
 * model.setParameters(message.content.arrayRecord("arrays").tensors());
 * await model.fit(data, { epochs: 5, correction, proximal });
 * finish(model.getParameters());
 * ```
 *
 * @param arraysKey the record of the model (default "arrays")
 * @param configKey the record of the settings (default "config")
 * @throws FlwrError "not-found" when the message has no α: the strategy must be `FedDyn`
 */
export function dynRound(
  { content }: Message,
  { state }: Context,
  arraysKey = "arrays",
  configKey = "config",
): DynRound {
  const alpha = content.configRecord(configKey).number(ALPHA_KEY);
  const sent = content.arrayRecord(arraysKey).viewTensors();
  const kept = state.get(STATE_RECORD);
  const own = isArrayRecord(kept) ? kept.viewTensors() : undefined;
  const correction = own === undefined
    ? new Map<string, Tensor>()
    : mapFloats(own, (_, { data }) => (i) => -Number(data[i]!));
  return {
    correction,
    proximal: alpha,
    finish(parameters) {
      const next = mapFloats(sent, (name, from) => {
        const trained = parameters.get(name)?.data;
        if (trained?.length !== from.data.length) {
          throw new FlwrError(
            "invalid-argument",
            `parameters lack "${name}" with ${from.data.length} elements`,
            { hints: ["Give all parameters of the model: model.getParameters()"] },
          );
        }
        const old = own?.get(name)?.data;
        return (i) => Number(old?.[i] ?? 0) - alpha * (Number(trained[i]!) - Number(from.data[i]!));
      });
      for (const [name, { data }] of next) {
        const odd = firstNotFinite(data);
        if (odd === undefined) continue;
        throw new FlwrError(
          "failed-precondition",
          `FedDyn's state of "${name}" would not be finite: element ${odd} is ${data[odd]}`,
          { hints: ["Use a smaller alpha, or a smaller learning rate"] },
        );
      }
      state.set(STATE_RECORD, ArrayRecord.fromTensors(next));
    },
  };
}
