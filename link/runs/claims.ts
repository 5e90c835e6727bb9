import { FlwrError } from "../../base/error.ts";
import { type Effects, type LinkContext, transact } from "../transactions/transactions.ts";
import { hold } from "../transactions/hold.ts";
import type { ClaimedRun, HoldOptions, LinkRun } from "../link.ts";
import { endRun } from "./end.ts";
import { nextRunState } from "./run_state.ts";
import { hashToken, newToken } from "./token.ts";
import { toRun } from "./run_records.ts";
import { settleSelfStarted } from "./self_started.ts";
import type { RunRecord } from "./run_table.ts";
import type { LinkTransaction } from "../store/store.ts";

/** See LinkService.claimRun. */
export function claimRun(
  context: LinkContext,
  options: HoldOptions & { runId?: bigint } = {},
): Promise<ClaimedRun | undefined> {
  const { runId } = options;
  const { clock, limits, random } = context;
  return hold(
    context,
    ["runs"],
    options,
    () =>
      transact(context, "durable", async (tx, effects) => {
        const run = runId === undefined ? await tx.runs.oldestPending() : await tx.runs.get(runId);
        const state = run && nextRunState(run.state, "claim");
        if (run === undefined || state === undefined || options.signal?.aborted) return undefined;
        const token = newToken(random);
        const now = clock.now();
        const claimed: RunRecord = {
          ...run,
          state,
          startingAt: now,
          tokenHash: hashToken(token),
          dueAt: now + limits.claimSeconds,
        };
        await tx.runs.put(claimed);
        effects.due(claimed.dueAt);
        effects.events.push({ kind: "run-claimed", runId: run.runId });
        return { run: toRun(context, claimed), token };
      }),
  );
}

/** See LinkService.beginRun. */
export function beginRun(context: LinkContext, token: string): Promise<LinkRun> {
  return transact(context, "durable", async (tx, effects) => {
    const run = await runOf(tx, token);
    const state = nextRunState(run.state, "begin");
    if (state === undefined) {
      throw new FlwrError("failed-precondition", `Run "${run.runId}" has begun: ${run.state}`);
    }
    const now = context.clock.now();
    const begun: RunRecord = {
      ...run,
      state,
      runningAt: now,
      dueAt: now + context.limits.taskTimeoutSeconds,
    };
    await tx.runs.put(begun);
    context.outcomes.begin(effects, run.runId);
    effects.due(begun.dueAt);
    effects.events.push({ kind: "run-began", runId: run.runId });
    return toRun(context, begun);
  });
}

/** See LinkService.runHeartbeat. */
export function runHeartbeat(context: LinkContext, token: string): Promise<boolean> {
  const hash = hashToken(token);
  const { clock, limits, traffic } = context;
  // Relaxed: after a loss of power every run gets new time anyway.
  return transact(context, "relaxed", async (tx, effects) => {
    const run = await tx.runs.byToken(hash);
    if (run === undefined) return false;
    const dueAt = clock.now() + limits.taskTimeoutSeconds;
    await tx.runs.put({ ...run, dueAt });
    await traffic.save(tx, effects, run.runId);
    effects.due(dueAt);
    return true;
  });
}

/** See LinkService.finishRun. */
export function finishRun(
  context: LinkContext,
  token: string,
  { outcome, details }: { outcome: "completed" | "failed"; details: string },
): Promise<void> {
  return transact(context, "durable", async (tx, effects) => {
    const run = await runOf(tx, token);
    const fault = outcome === "completed" ? context.outcomes.fault(run.runId) : undefined;
    const completed = outcome === "completed" && fault === undefined;
    const state = nextRunState(run.state, completed ? "complete" : "fail");
    if (state === undefined) {
      throw new FlwrError(
        "failed-precondition",
        `Run "${run.runId}" cannot be ${outcome}: ${run.state}`,
      );
    }
    await endRun(context, tx, effects, run, state, fault ?? details);
  });
}

/** Settles a run of which nothing was heard in time: one that was claimed waits again, one that ran has failed. */
export async function settleDueRun(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  run: RunRecord,
): Promise<void> {
  const released = nextRunState(run.state, "release");
  if (released !== undefined) {
    const { tokenHash: _, dueAt: __, startingAt: ___, ...rest } = run;
    await tx.runs.put({ ...rest, state: released });
    effects.topics.add("runs");
    effects.events.push({ kind: "run-released", runId: run.runId });
    return;
  }
  if (run.tokenHash === undefined) return await settleSelfStarted(context, tx, effects, run);
  const details = `No heartbeat received from the ServerApp for ` +
    `${context.limits.taskTimeoutSeconds} s`;
  await endRun(context, tx, effects, run, nextRunState(run.state, "fail")!, details);
}

/** @throws unauthenticated */
async function runOf(tx: LinkTransaction, token: string): Promise<RunRecord> {
  const run = await tx.runs.byToken(hashToken(token));
  if (run === undefined) {
    throw new FlwrError("unauthenticated", "The token is not, or no longer, that of a run");
  }
  return run;
}
