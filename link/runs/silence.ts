import type { RunContext, RunEffects, RunLimits, RunTransaction } from "./context.ts";
import { endRun } from "./end.ts";
import { interrupt, noteFirstSent } from "./interrupt.ts";
import { nextRunState } from "./run_state.ts";
import type { RunRecord } from "./run_table.ts";

const DAY = 86_400;

/** Seconds for which the ServerApp of a run that has begun may be silent. */
export function patienceSeconds(
  { lifeSign, fabHash }: Pick<RunRecord, "lifeSign" | "fabHash">,
  limits: RunLimits,
): number {
  if (lifeSign === "instructions") return limits.unheardRunSeconds;
  return fabHash === "" ? limits.handStartedRunSeconds : limits.taskTimeoutSeconds;
}

/** Records that a run sent instructions. That keeps a run alive that has no heartbeats. Stored at most once a day. */
export async function noteInstructions(
  { clock, limits }: Pick<RunContext, "clock"> & { readonly limits: RunLimits },
  tx: Pick<RunTransaction, "runs">,
  runId: bigint,
): Promise<void> {
  const run = await noteFirstSent({ clock }, tx, runId);
  if (run?.dueAt === undefined || run.lifeSign !== "instructions") return;
  const dueAt = clock.now() + patienceSeconds(run, limits);
  // Later than the time that the housekeeper expects, so its schedule need not change.
  if (dueAt - run.dueAt >= DAY) await tx.runs.put({ ...run, dueAt });
}

/**
 * Settles a run whose ServerApp was silent for too long: it has failed. Without heartbeats it is over, unless it still
 * waits for replies.
 */
export async function settleSilentRun(
  context: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  run: RunRecord,
): Promise<void> {
  const seconds = patienceSeconds(run, context.limits);
  if (run.lifeSign === "heartbeats") {
    const details = `No heartbeat received from the ServerApp for ${seconds} s`;
    return await interrupt(context, tx, effects, run, details);
  }
  if (await tx.runDependents.isBusy(run.runId)) {
    const dueAt = context.clock.now() + seconds;
    await tx.runs.put({ ...run, dueAt });
    return effects.due(dueAt);
  }
  const details = `The ServerApp sent no instructions for ${Math.round(seconds / DAY)} days`;
  await endRun(context, tx, effects, run, nextRunState(run.state, "stop")!, details);
}
