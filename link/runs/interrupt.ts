import { appendEntries } from "./log_entries.ts";
import type { RunContext, RunEffects, RunTransaction } from "./context.ts";
import { endRun } from "./end.ts";
import { requireRun } from "./run_records.ts";
import { nextRunState } from "./run_state.ts";
import type { RunRecord } from "./run_table.ts";

/** See Runs.interrupt. */
export function interruptRun(context: RunContext, runId: bigint, reason: string): Promise<void> {
  return context.transact("durable", async (tx, effects) => {
    await interrupt(context, tx, effects, await requireRun(tx, runId), reason);
  });
}

/**
 * Makes a running run pending again, so it continues from its last checkpoint, or fails it if it cannot continue. Its
 * token becomes invalid and its instructions are cancelled, so results of its former process no longer count.
 */
export async function interrupt(
  context: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  run: RunRecord,
  reason: string,
): Promise<void> {
  const state = nextRunState(run.state, "interrupt");
  if (state === undefined) return;
  const { runId, resumes = 0, vainResumes = 0 } = run;
  const saved = await tx.runDependents.saved(runId);
  const obstacle = obstacleTo(context, run, saved);
  if (obstacle !== undefined) {
    const failed = nextRunState(run.state, "fail")!;
    return await endRun(context, tx, effects, run, failed, `${reason}${obstacle}`);
  }
  // `runningAt` stays, because users see the time from the first start to the end.
  const { tokenHash: _, dueAt: __, startingAt: ___, serverId: ____, ...rest } = run;
  await tx.runDependents.ended(runId);
  await tx.runs.put({ ...rest, state, resumes: resumes + 1, vainResumes: vainResumes + 1 });
  await context.traffic.save(tx, effects, runId);
  const from = saved.checkpoints || run.resumedFrom !== undefined
    ? "continues from its last checkpoint"
    : "starts over";
  const time = new Date(context.clock.now() * 1000).toISOString();
  await appendEntries(context, tx, effects, runId, [`${time} ${reason}. The run ${from}\n`]);
  effects.wake("runs");
  effects.emit({ kind: "run-interrupted", runId, reason });
}

/** Whether a run would be pending again after an interruption, or has ended. */
export async function canContinue(
  context: Pick<RunContext, "limits">,
  tx: Pick<RunTransaction, "runDependents">,
  run: RunRecord,
): Promise<boolean> {
  if (nextRunState(run.state, "interrupt") === undefined) return true;
  return obstacleTo(context, run, await tx.runDependents.saved(run.runId)) === undefined;
}

/** Why an interrupted run cannot continue, to be added to the reason. Undefined if it can. */
function obstacleTo(
  { limits }: Pick<RunContext, "limits">,
  { fabHash, firstSentAt, resumes = 0, vainResumes = 0, resumedFrom }: RunRecord,
  saved: { readonly checkpoints: boolean; readonly artifacts: boolean },
): string | undefined {
  // Its ServerApp is not stored here.
  if (fabHash === "") return "";
  if (vainResumes >= limits.maxVainResumes) {
    return `, for the ${ordinal(vainResumes + 1)} time since its last checkpoint`;
  }
  if (resumes >= limits.maxResumes) return `, for the ${ordinal(resumes + 1)} time`;
  if (saved.checkpoints) return undefined;
  // A run that resumes another one has that run's checkpoints, unless it has already done more.
  const hasEffects = saved.artifacts || firstSentAt !== undefined && resumedFrom === undefined;
  return hasEffects ? ", and it had saved no checkpoint" : undefined;
}

function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th";
  return `${n}${ending}`;
}

/** Records that a checkpoint was saved, so the run has made progress since its last interruption. */
export async function noteProgress(
  tx: Pick<RunTransaction, "runs">,
  runId: bigint,
): Promise<void> {
  const { vainResumes, ...run } = await requireRun(tx, runId);
  if (vainResumes !== undefined) await tx.runs.put(run);
}

/**
 * Records that the ServerApp sends instructions, so without a checkpoint the run can no longer start over. @returns the
 * run
 */
export async function noteFirstSent(
  { clock }: Pick<RunContext, "clock">,
  tx: Pick<RunTransaction, "runs">,
  runId: bigint,
): Promise<RunRecord | undefined> {
  const run = await tx.runs.get(runId);
  if (run === undefined || run.firstSentAt !== undefined) return run;
  const sent = { ...run, firstSentAt: clock.now() };
  await tx.runs.put(sent);
  return sent;
}
