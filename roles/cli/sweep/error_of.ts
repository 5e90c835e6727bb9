import { FlwrError } from "../../../base/error.ts";
import { counted } from "../../../base/readable.ts";
import { UsageError } from "../../flags/values.ts";
import { incompleteRun } from "../log/run_state.ts";
import type { Results } from "./results.ts";

/** How a sweep came to its end. */
export interface SweepEnd {
  /** The error that ended it early; undefined without one. */
  readonly failure: unknown;
  /** Whether the user stopped it. */
  readonly isStopped: boolean;
  /** `--metric`. */
  readonly metric: string | undefined;
  /** Command line words that select the SuperLink, with a leading space. */
  readonly where: string;
  /** The sweep's folder; undefined if no run was started. */
  readonly folder: string | undefined;
}

/** Why a sweep fails as a command; undefined if all runs completed, and every node contributed. */
export function errorOf(
  { runs, metric, metrics }: Results,
  { failure, isStopped, metric: asked, where, folder }: SweepEnd,
): FlwrError | undefined {
  const left = runs.filter(({ finished }) => finished === undefined).length;
  const failed = runs.flatMap(({ finished }) =>
    finished?.status === "failed" || finished?.status === "stopped" ? [finished] : []
  );
  const goOn = folder === undefined
    ? []
    : [`To continue, run the same command with: --resume ${folder}`];
  if (failure !== undefined) {
    const { code, message, hints } = FlwrError.from(failure);
    return new FlwrError(code, message, { hints: [...hints, ...goOn].slice(-3), cause: failure });
  }
  if (isStopped && left > 0) {
    return new FlwrError("cancelled", `The sweep was stopped: ${counted(left, "run")} left`, {
      hints: goOn,
    });
  }
  if (failed.length > 0) {
    const more = left > 0 ? `, and ${left} did not end` : "";
    return new FlwrError(
      "failed-precondition",
      `${failed.length} of ${counted(runs.length, "run")} did not complete${more}`,
      { hints: [`For details, run: flwr log ${failed[0]!.runId}${where} --show`, ...goOn] },
    );
  }
  if (asked !== undefined && metric === undefined) {
    return new UsageError(
      "invalid-argument",
      `--metric: no run has a metric "${asked}", so the results are not sorted`,
      { hints: [`Metrics: ${metrics.join(", ") || "none"}`] },
    );
  }
  const incomplete = runs.find(({ finished }) => finished?.status === "incomplete")?.finished;
  return incomplete && incompleteRun(incomplete.runId, incomplete.error, [
    `For details, run: flwr ls${where} --run-id ${incomplete.runId}`,
  ]);
}
