import type { RunContext, RunEffects, RunTransaction } from "./context.ts";
import type { RemovableRunData, RunRecord } from "./run_table.ts";

// Retention of finished runs. The SuperLink keeps limits.maxFinishedRuns runs, limits.maxFinishedLogBytes of logs and
// limits.maxFinishedArtifactBytes of artifacts. It removes whole logs, all artifacts of a run, and whole runs, in the
// order in which the runs finished. It removes nothing until limits.finishedRunGraceSeconds after a run's end, because
// a client may wait for that end.

/**
 * Removes data of finished runs beyond the limits, as much as is allowed in one transaction, and schedules the next
 * check.
 *
 * @param until Unix time in seconds after which no further removal starts
 */
export async function sweepFinishedRuns(
  context: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  until: number,
): Promise<void> {
  const { clock, limits, retention } = context;
  retention.begin(effects);
  const { runs, logBytes, artifactBytes } = await tx.runs.finished();
  let steps = 0;
  /** The next run to remove data of; undefined if it must still be kept or this transaction did enough. */
  const next = async (having?: RemovableRunData): Promise<RunRecord | undefined> => {
    const now = clock.now();
    if (now > until || ++steps > limits.housekeepingBatch) {
      retention.expect(effects, now);
      return undefined;
    }
    const run = await tx.runs.firstFinished(having);
    const leavesAt = (run?.finishedAt ?? Infinity) + limits.finishedRunGraceSeconds;
    if (leavesAt <= now) return run;
    retention.expect(effects, leavesAt);
    return undefined;
  };

  const logs: bigint[] = [];
  let logExcess = logBytes - limits.maxFinishedLogBytes;
  while (logExcess > 0) {
    const run = await next("log");
    if (run === undefined) break;
    const left = await removeLogEntries(context, tx, run);
    logExcess -= run.logBytes! - left;
    await tx.runs.put({
      ...run,
      logBytes: left,
      ...(left === 0 && { logRemovedAt: clock.now() }),
    });
    if (left === 0) logs.push(run.runId);
  }
  if (logs.length > 0) effects.emit({ kind: "run-logs-removed", runIds: logs });

  const artifacts: bigint[] = [];
  let artifactExcess = artifactBytes - limits.maxFinishedArtifactBytes;
  while (artifactExcess > 0) {
    const run = await next("artifacts");
    if (run === undefined) break;
    await tx.runDependents.removeArtifacts(run.runId);
    artifactExcess -= run.artifactBytes!;
    await tx.runs.put({ ...run, artifactBytes: 0, artifactsRemovedAt: clock.now() });
    artifacts.push(run.runId);
  }
  if (artifacts.length > 0) {
    effects.emit({ kind: "run-artifacts-removed", runIds: artifacts });
  }

  const removed: bigint[] = [];
  while (runs - removed.length > limits.maxFinishedRuns) {
    const run = await next();
    if (run === undefined) break;
    const left = await removeLogEntries(context, tx, run);
    if (left > 0) {
      await tx.runs.put({ ...run, logBytes: left });
    } else {
      await removeRun(context, tx, effects, run);
      removed.push(run.runId);
    }
  }
  if (removed.length > 0) effects.emit({ kind: "runs-removed", runIds: removed });
}

/** Removes part of a log, which can have millions of entries. @returns the remaining bytes */
async function removeLogEntries(
  { limits }: RunContext,
  tx: RunTransaction,
  { runId }: RunRecord,
): Promise<number> {
  const isLeft = await tx.logs.removeFirst(runId, limits.housekeepingLogEntries);
  return isLeft ? await tx.logs.size(runId) : 0;
}

/** Removes a run and its remaining data. Its FAB was released when the run finished. */
async function removeRun(
  { traffic }: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  { runId }: RunRecord,
): Promise<void> {
  await tx.runDependents.removed(runId);
  await tx.runs.remove(runId);
  traffic.forget(effects, runId);
  effects.wake(`log:${runId}`);
}
