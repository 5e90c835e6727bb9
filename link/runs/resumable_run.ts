import { FlwrError } from "../../base/error.ts";
import { isFinished, unknownRun } from "../../entities/run.ts";
import type { RunTransaction } from "./context.ts";

/**
 * The run from whose checkpoints a new run continues: the given run or, if it saved none, the run that it resumed
 * itself.
 *
 * @param fabId the new run's app
 * @throws not-found; failed-precondition if the run has not finished, has no checkpoint, or belongs to another app
 */
export async function resumableRun(
  tx: Pick<RunTransaction, "runs" | "runDependents">,
  runId: bigint,
  fabId: string,
): Promise<bigint> {
  const run = await tx.runs.get(runId);
  if (run === undefined) throw new FlwrError("not-found", unknownRun(runId));
  if (!isFinished(run.state)) {
    throw refusal(`Run ${runId} is ${run.state}`, `Stop it first: flwr stop ${runId}`);
  }
  if (run.fabId !== fabId) {
    throw refusal(
      `Run ${runId} belongs to app "${run.fabId}", not to "${fabId}"`,
      "Submit that app, which may have changed, or name a run of this one",
    );
  }
  for (const candidate of [runId, run.resumedFrom]) {
    if (candidate === undefined || await tx.runs.get(candidate) === undefined) continue;
    if ((await tx.runDependents.saved(candidate)).checkpoints) return candidate;
  }
  throw refusal(
    run.artifactsRemovedAt === undefined
      ? `Run ${runId} has no checkpoint`
      : `The checkpoints of run ${runId} were removed to limit the space of finished runs`,
    "Start a new run without --resume",
  );
}

function refusal(message: string, hint: string): FlwrError {
  return new FlwrError("failed-precondition", message, { hints: [hint] });
}
