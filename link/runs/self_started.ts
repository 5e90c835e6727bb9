import type { RunContext, RunEffects, RunLimits, RunTransaction } from "./context.ts";
import { endRun } from "./end.ts";
import { nextRunState } from "./run_state.ts";
import type { RunRecord } from "./run_table.ts";

// A self-started run (Flower 1.9) sends no heartbeats and has no call to end itself. Only its instructions show that it
// is alive.

const DAY = 86_400;

/** Keeps a run alive that sends instructions. The deadline is stored at most once a day. */
export async function keepSelfStartedAlive(
  { clock, limits }: Pick<RunContext, "clock"> & { readonly limits: RunLimits },
  tx: Pick<RunTransaction, "runs">,
  runId: bigint,
): Promise<void> {
  const run = await tx.runs.get(runId);
  if (run?.dueAt === undefined || run.tokenHash !== undefined) return;
  const dueAt = clock.now() + limits.selfStartedRunSeconds;
  // The deadline moves to a later time, so the housekeeper need not be notified.
  if (dueAt - run.dueAt >= DAY) await tx.runs.put({ ...run, dueAt });
}

/** Handles a self-started run whose deadline has passed: ends it, unless it has unfinished instructions. */
export async function handleDueSelfStarted(
  context: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  run: RunRecord,
): Promise<void> {
  const seconds = context.limits.selfStartedRunSeconds;
  if (await tx.runDependents.isBusy(run.runId)) {
    const dueAt = context.clock.now() + seconds;
    await tx.runs.put({ ...run, dueAt });
    return effects.due(dueAt);
  }
  const details = `The ServerApp sent no instructions for ${Math.round(seconds / DAY)} days`;
  await endRun(context, tx, effects, run, nextRunState(run.state, "stop")!, details);
}
