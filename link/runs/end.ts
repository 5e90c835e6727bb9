import { FlwrError } from "../../base/error.ts";
import { dropUnfinishedArtifacts } from "../artifacts/pieces.ts";
import { type Effects, type LinkContext, transact } from "../transactions/transactions.ts";
import { releaseFab } from "./fabs.ts";
import { nextInstructionState } from "../messages/instruction_state.ts";
import { endPushes } from "../messages/push_end.ts";
import { nextRunState, type RunState } from "./run_state.ts";
import { requireRun } from "./run_records.ts";
import type { RunRecord } from "./run_table.ts";
import type { LinkTransaction } from "../store/store.ts";

/** See LinkService.stopRun. */
export function stopRun(context: LinkContext, runId: bigint): Promise<void> {
  return transact(context, "durable", async (tx, effects) => {
    const run = await requireRun(tx, runId);
    const state = nextRunState(run.state, "stop");
    if (state === undefined) {
      throw new FlwrError("failed-precondition", `Run "${runId}" has finished: ${run.state}`);
    }
    await endRun(context, tx, effects, run, state, "");
  });
}

/** See LinkService.failRun. */
export function failRun(context: LinkContext, runId: bigint, details: string): Promise<void> {
  return transact(context, "durable", async (tx, effects) => {
    const run = await requireRun(tx, runId);
    const state = nextRunState(run.state, "fail");
    if (state !== undefined) await endRun(context, tx, effects, run, state, details);
  });
}

/** Ends a run: its token is void, and whoever waits for anything of it hears of that. The housekeeper clears up. */
export async function endRun(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  { tokenHash: _, dueAt: __, ...run }: RunRecord,
  state: RunState,
  details: string,
): Promise<void> {
  const { runId } = run;
  const now = context.clock.now();
  const logBytes = await tx.logs.size(runId);
  const artifactBytes = await dropUnfinishedArtifacts(tx, runId);
  await tx.runs.put({ ...run, state, details, finishedAt: now, logBytes, artifactBytes });
  // With one more of them, another may have to go.
  context.retention.expect(now);
  context.outcomes.forget(effects, runId);
  effects.due(now);
  await releaseFab(context, tx, effects, run.fabHash);
  await context.traffic.save(tx, effects, runId);
  for (const instruction of await tx.instructions.ofRun(runId)) {
    const { message: { messageId }, deliveries, told } = instruction;
    const cancelled = nextInstructionState(instruction.state, "cancel");
    if (cancelled === undefined) continue;
    await tx.instructions.update(messageId, { state: cancelled, deliveries, told, dueAt: now });
    effects.topics.add(`reply:${messageId}`);
    effects.due(now);
  }
  await endPushes(context, tx, effects, await tx.pushes.ofRun(runId));
  effects.topics.add(`log:${runId}`);
  effects.events.push({ kind: "run-finished", runId, state, details });
}
