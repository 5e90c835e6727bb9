import { checkPositive } from "../../base/check_option.ts";
import type { Postprocessor } from "../strategy/postprocessor/postprocessor.ts";

/**
 * Every reply counts the same, whatever its number of examples; one without examples is left out.
 *
 * @example
 * ```ts
 * new ComposedStrategy({ postprocessors: [equalWeights()] });
 * ```
 */
export function equalWeights(): Postprocessor {
  return {
    kind: "weighting",
    onReply: (reply) => ({ ...reply, weight: Math.min(1, Math.ceil(reply.weight)) }),
  };
}

/**
 * Each reply counts by its number of examples, up to a cap: one node cannot dominate the mean by reporting a large
 * number, true or false (McMahan et al., 2018, arXiv:1710.06963).
 *
 * @param cap the largest weight, above 0
 * @throws FlwrError "invalid-argument" for another cap
 */
export function cappedWeights(cap: number): Postprocessor {
  checkPositive("cap", cap);
  return {
    kind: "weighting",
    onReply: (reply) => ({ ...reply, weight: Math.min(cap, reply.weight) }),
  };
}
