import type { Evaluation } from "./fit_options.ts";

/**
 * The metrics of an evaluation, for a `MetricRecord`: its mean loss, and its accuracy if the loss has a notion of
 * right answers. A regression has none.
 */
export function evaluationMetrics(
  { loss, accuracy }: Pick<Evaluation, "loss" | "accuracy">,
): Record<string, number> {
  return Number.isNaN(accuracy) ? { loss } : { loss, accuracy };
}
