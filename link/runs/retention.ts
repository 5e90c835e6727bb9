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
  context.retention.begin(effects);
  const sweep = new Sweep(context, tx, effects, until);
  const { runs, logBytes, artifactBytes } = await tx.runs.finished();
  await sweep.removeLogs(logBytes);
  await sweep.removeArtifacts(artifactBytes);
  await sweep.removeRuns(runs);
}

/** What one transaction removes. */
class Sweep {
  readonly #context: RunContext;
  readonly #tx: RunTransaction;
  readonly #effects: RunEffects;
  readonly #until: number;
  #steps = 0;

  constructor(context: RunContext, tx: RunTransaction, effects: RunEffects, until: number) {
    this.#context = context;
    this.#tx = tx;
    this.#effects = effects;
    this.#until = until;
  }

  /** Removes whole logs, the last of them perhaps in part. @param bytes how much all logs of finished runs have */
  async removeLogs(bytes: number): Promise<void> {
    const context = this.#context, tx = this.#tx, effects = this.#effects;
    const runIds: bigint[] = [];
    let excess = bytes - context.limits.maxFinishedLogBytes;
    while (excess > 0) {
      const run = await this.#next("log");
      if (run === undefined) break;
      const left = await removeLogEntries(context, tx, run);
      excess -= run.logBytes! - left;
      const logRemovedAt = context.clock.now();
      await tx.runs.put({ ...run, logBytes: left, ...(left === 0 && { logRemovedAt }) });
      if (left === 0) runIds.push(run.runId);
    }
    if (runIds.length > 0) effects.emit({ kind: "run-logs-removed", runIds });
  }

  /** Removes all artifacts of runs. @param bytes how much the artifacts of all finished runs have */
  async removeArtifacts(bytes: number): Promise<void> {
    const context = this.#context, tx = this.#tx, effects = this.#effects;
    const runIds: bigint[] = [];
    let excess = bytes - context.limits.maxFinishedArtifactBytes;
    while (excess > 0) {
      const run = await this.#next("artifacts");
      if (run === undefined) break;
      await tx.runDependents.removeArtifacts(run.runId);
      excess -= run.artifactBytes!;
      await tx.runs.put({ ...run, artifactBytes: 0, artifactsRemovedAt: context.clock.now() });
      runIds.push(run.runId);
    }
    if (runIds.length > 0) effects.emit({ kind: "run-artifacts-removed", runIds });
  }

  /** Removes whole runs, the last of them perhaps only in part. @param count the number of finished runs */
  async removeRuns(count: number): Promise<void> {
    const context = this.#context, tx = this.#tx, effects = this.#effects;
    const runIds: bigint[] = [];
    while (count - runIds.length > context.limits.maxFinishedRuns) {
      const run = await this.#next();
      if (run === undefined) break;
      const left = await removeLogEntries(context, tx, run);
      if (left > 0) {
        await tx.runs.put({ ...run, logBytes: left });
      } else if (!await tx.runDependents.removeJournal(run.runId)) {
        await removeRun(context, tx, effects, run);
        runIds.push(run.runId);
      }
    }
    if (runIds.length > 0) effects.emit({ kind: "runs-removed", runIds });
  }

  /** The next run to remove data of. Undefined if it must still be kept, or if this transaction did enough. */
  async #next(having?: RemovableRunData): Promise<RunRecord | undefined> {
    const { clock, limits, retention } = this.#context;
    const now = clock.now();
    if (now > this.#until || ++this.#steps > limits.housekeepingBatch) {
      retention.expect(this.#effects, now);
      return undefined;
    }
    const run = await this.#tx.runs.firstFinished(having);
    const leavesAt = (run?.finishedAt ?? Infinity) + limits.finishedRunGraceSeconds;
    if (leavesAt <= now) return run;
    retention.expect(this.#effects, leavesAt);
    return undefined;
  }
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
