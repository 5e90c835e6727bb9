import { FlwrError } from "../../base/error.ts";
import { releaseFab } from "./bundles.ts";
import type { RunContext, RunEffects, RunTransaction } from "./context.ts";
import { requireRun } from "./run_records.ts";
import { nextRunState } from "./run_state.ts";
import type { RunState } from "../../entities/run.ts";
import type { RunRecord } from "./run_table.ts";

/** See Runs.stop. */
export function stopRun(context: RunContext, runId: bigint): Promise<void> {
  return context.transact("durable", async (tx, effects) => {
    const run = await requireRun(tx, runId);
    const state = nextRunState(run.state, "stop");
    if (state === undefined) {
      throw new FlwrError("failed-precondition", `Run "${runId}" has already ended: ${run.state}`);
    }
    await endRun(context, tx, effects, run, state, "");
  });
}

/** See Runs.fail. */
export function failRun(context: RunContext, runId: bigint, details: string): Promise<void> {
  return context.transact("durable", async (tx, effects) => {
    const run = await requireRun(tx, runId);
    const state = nextRunState(run.state, "fail");
    if (state !== undefined) await endRun(context, tx, effects, run, state, details);
  });
}

/** Ends a run: revokes its token and wakes all calls that wait for it. The housekeeper removes its messages later. */
export async function endRun(
  context: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  { tokenHash: _, dueAt: __, serverId: ___, ...run }: RunRecord,
  state: RunState,
  details: string,
): Promise<void> {
  const { runId } = run;
  const now = context.clock.now();
  const logBytes = await tx.logs.size(runId);
  const artifactBytes = await tx.runDependents.ended(runId);
  await tx.runs.put({ ...run, state, details, finishedAt: now, logBytes, artifactBytes });
  // One more finished run may exceed a limit.
  context.retention.expect(effects, now);
  effects.due(now);
  await releaseFab(context, tx, effects, run.fabHash);
  await tx.nodeSettings.remove(runId);
  await context.traffic.save(tx, effects, runId);
  effects.wake(`log:${runId}`);
  effects.emit({ kind: "run-finished", runId, state, details });
}
