import type { RunContext, RunEffects, RunLimits, RunTransaction } from "./context.ts";
import { endRun } from "./end.ts";
import { nextRunState } from "./run_state.ts";
import type { RunRecord } from "./run_table.ts";

// A run that started itself (Flower 1.9's) sends no heartbeats and cannot say that it is over. What is heard of it are
// its instructions.

const DAY = 86_400;

/** The run sends instructions: it lives. Written once a day, for that is exact enough. */
export async function hearSelfStarted(
  { clock, limits }: Pick<RunContext, "clock"> & { readonly limits: RunLimits },
  tx: Pick<RunTransaction, "runs">,
  runId: bigint,
): Promise<void> {
  const run = await tx.runs.get(runId);
  if (run?.dueAt === undefined || run.tokenHash !== undefined) return;
  const dueAt = clock.now() + limits.selfStartedRunSeconds;
  // Later than the housekeeper expects, so it need not be told.
  if (dueAt - run.dueAt >= DAY) await tx.runs.put({ ...run, dueAt });
}

/** Settles a run of which nothing was heard for long: it is over, unless instructions of it are under way. */
export async function settleSelfStarted(
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
  const details = `Nothing was heard of its ServerApp for ${Math.round(seconds / DAY)} days`;
  await endRun(context, tx, effects, run, nextRunState(run.state, "stop")!, details);
}
