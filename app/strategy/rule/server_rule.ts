import type { PhaseRound, Tensors } from "../round/round.ts";
import type { RuleState } from "./rule_state.ts";

/**
 * Computes the new model from the aggregate. A rule keeps its state from round to round only in a {@link RuleState},
 * which the strategy saves, restores, and drops if the new model is not finite.
 *
 * @example
 * ```ts
 * // Half of the way from the old model to the mean.
 * const halfway: ServerRule = {
 *   apply: ({ sent }, aggregate) =>
 *     new Map([...sent].map(([name, { dtype, shape, data }]) => {
 *       const mean = aggregate.get(name)!.data;
 *       return [name, tensor(dtype, shape, data.map((x, i) => (x + mean[i]) / 2))];
 *     })),
 * };
 * ```
 */
export interface ServerRule {
  /**
   * Computes the new model. It may be called again in the same round, with another aggregate. Do not change the arrays
   * that it returns afterwards: they are the model.
   *
   * @param aggregate may lack arrays that no node sent
   */
  apply(round: PhaseRound, aggregate: Tensors, state: RuleState): Tensors;
}

/** The aggregate itself is the new model. Arrays that no node sent do not change. */
export function replaceRule(): ServerRule {
  return {
    apply: ({ sent }, aggregate) =>
      sent.keys().every((name) => aggregate.has(name))
        ? aggregate
        : new Map([...sent, ...aggregate]),
  };
}
