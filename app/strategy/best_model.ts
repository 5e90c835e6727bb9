import { FlwrError } from "../../base/error.ts";
import type { ArrayRecord } from "../array_record.ts";
import { MetricRecord } from "../metric_record.ts";
import { isMetricRecord } from "../record_dict.ts";
import type { EvaluateFn } from "./run_strategy.ts";

/** Options of {@link keepBest}. */
export interface KeepBestOptions {
  /** Name of the server's evaluation metric that decides which model is best. It must be a number. */
  readonly metric: string;
  /** "max" if the largest value is the best, such as for accuracy; "min" if the smallest is, such as for loss. */
  readonly mode: "max" | "min";
}

/** The best model of a run so far. */
export interface BestModel {
  /** The round after which the model was evaluated. 0: before the first round. */
  readonly round: number;
  /** The model. */
  readonly arrays: ArrayRecord;
  /** The value of the metric. */
  readonly value: number;
}

/**
 * Wraps an evaluation at the server so that it remembers the best model of the run. Of equal values, the earlier round
 * is the best. NaN never is.
 *
 * @example
 * ```ts
 * const kept = keepBest(evaluateFn, { metric: "accuracy", mode: "max" });
 * await strategy.start(grid, { numRounds: 20, evaluateFn: kept.evaluateFn });
 * await artifacts.save("best.npz", kept.best()!.arrays);
 * ```
 *
 * @returns the evaluation to pass to `start`, and the best model so far: undefined before the first evaluation. A new
 *   run, which begins with round 0, starts over.
 * @throws FlwrError "invalid-argument" when an option is invalid, and in a round whose metrics lack a number of this name
 */
export function keepBest(
  evaluateFn: EvaluateFn,
  { metric, mode }: KeepBestOptions,
): { readonly evaluateFn: EvaluateFn; best(): BestModel | undefined } {
  if (typeof metric !== "string" || metric === "") {
    throw new FlwrError("invalid-argument", `metric must be a name: got ${JSON.stringify(metric)}`);
  }
  if (mode !== "max" && mode !== "min") {
    throw new FlwrError("invalid-argument", `mode must be "max" or "min": got "${mode}"`);
  }
  let best: BestModel | undefined;
  return {
    async evaluateFn(round, arrays) {
      if (round === 0) best = undefined;
      const measured = await evaluateFn(round, arrays);
      if (measured === undefined) return undefined;
      const metrics = isMetricRecord(measured) ? measured : new MetricRecord(measured);
      const value = numberOf(metrics, metric);
      const isBetter = best === undefined
        ? !Number.isNaN(value)
        : mode === "max"
        ? value > best.value
        : value < best.value;
      if (isBetter) best = { round, arrays, value };
      return metrics;
    },
    best: () => best,
  };
}

function numberOf(metrics: MetricRecord, name: string): number {
  const value = metrics.get(name);
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  throw new FlwrError(
    "invalid-argument",
    `The evaluation has no number "${name}": it has ${[...metrics.keys()].join(", ") || "none"}`,
    { hints: ["Return it from evaluateFn, or name another metric in keepBest"] },
  );
}
