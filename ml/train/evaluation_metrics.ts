import type { Evaluation } from "./fit_options.ts";

/**
 * The metrics of an evaluation for a `MetricRecord`: mean loss, and accuracy if the loss defines correctness. A
 * regression has no accuracy.
 */
export function evaluationMetrics(
  { loss, accuracy }: Pick<Evaluation, "loss" | "accuracy">,
): Record<string, number> {
  return Number.isNaN(accuracy) ? { loss } : { loss, accuracy };
}
