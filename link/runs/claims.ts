import { FlwrError } from "../../base/error.ts";
import { longPoll } from "../transactions/long_poll.ts";
import type { RunContext, RunEffects, RunTransaction } from "./context.ts";
import { endRun } from "./end.ts";
import { NO_REPLIES, outcomeFault } from "./outcomes.ts";
import { toRun } from "./run_records.ts";
import { nextRunState } from "./run_state.ts";
import type { RunRecord } from "./run_table.ts";
import type { ClaimOptions } from "./runs.ts";
import type { ClaimedRun, LinkRun } from "../../entities/run.ts";
import { patienceSeconds, settleSilentRun } from "./silence.ts";
import { hashToken, newToken } from "./token.ts";

/** See Runs.claim. */
export function claimRun(
  context: RunContext,
  options: ClaimOptions = {},
): Promise<ClaimedRun | undefined> {
  const { runId, isBeside = false } = options;
  const { clock, limits, random, server } = context;
  return longPoll(
    context,
    ["runs"],
    options,
    "end",
    () =>
      context.transact("durable", async (tx, effects) => {
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
          ...(isBeside && { serverId: server.id }),
        };
        if (isBeside) await server.keep(tx, effects);
        await tx.runs.put(claimed);
        effects.due(claimed.dueAt);
        effects.emit({ kind: "run-claimed", runId: run.runId });
        return { run: toRun(context, claimed), token };
      }),
  );
}

/** See Runs.begin. */
export function beginRun(context: RunContext, token: string): Promise<LinkRun> {
  return context.transact("durable", async (tx, effects) => {
    const run = await runOf(tx, token);
    const state = nextRunState(run.state, "begin");
    if (state === undefined) {
      throw new FlwrError(
        "failed-precondition",
        `Run "${run.runId}" cannot begin: it is ${run.state}`,
      );
    }
    const now = context.clock.now();
    const begun: RunRecord = {
      ...run,
      state,
      runningAt: run.runningAt ?? now,
      dueAt: now + patienceSeconds(run, context.limits),
      // A run that goes on after an interruption keeps its counts.
      ...(run.resumes === undefined && NO_REPLIES),
    };
    await tx.runs.put(begun);
    effects.due(begun.dueAt);
    effects.emit({ kind: "run-began", runId: run.runId });
    return toRun(context, begun);
  });
}

/** See Runs.heartbeat. */
export function runHeartbeat(context: RunContext, token: string): Promise<boolean> {
  const hash = hashToken(token);
  const { clock, limits, traffic } = context;
  // Relaxed, because after a power failure every run gets a new deadline anyway.
  return context.transact("relaxed", async (tx, effects) => {
    const run = await tx.runs.byToken(hash);
    if (run === undefined) return false;
    const dueAt = clock.now() + patienceSeconds(run, limits);
    await tx.runs.put({ ...run, dueAt });
    await traffic.save(tx, effects, run.runId);
    effects.due(dueAt);
    return true;
  });
}

/** See Runs.finish. */
export function finishRun(
  context: RunContext,
  token: string,
  { outcome, details }: { outcome: "completed" | "failed"; details: string },
): Promise<void> {
  return context.transact("durable", async (tx, effects) => {
    const run = await runOf(tx, token);
    const fault = outcome === "completed" ? outcomeFault(run) : undefined;
    const completed = outcome === "completed" && fault === undefined;
    const state = nextRunState(run.state, completed ? "complete" : "fail");
    if (state === undefined) {
      throw new FlwrError(
        "failed-precondition",
        `Run "${run.runId}" cannot be ${outcome}: it is ${run.state}`,
      );
    }
    await endRun(context, tx, effects, run, state, fault ?? details);
  });
}

/** Handles a run whose deadline has passed: a claimed run becomes pending again, a running one ends. */
export async function handleDueRun(
  context: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  run: RunRecord,
): Promise<void> {
  const released = nextRunState(run.state, "release");
  if (released !== undefined) {
    const { tokenHash: _, dueAt: __, startingAt: ___, serverId: ____, ...rest } = run;
    await tx.runs.put({ ...rest, state: released });
    effects.wake("runs");
    effects.emit({ kind: "run-released", runId: run.runId });
    return;
  }
  await settleSilentRun(context, tx, effects, run);
}

/** @throws unauthenticated */
async function runOf(tx: RunTransaction, token: string): Promise<RunRecord> {
  const run = await tx.runs.byToken(hashToken(token));
  if (run === undefined) {
    throw new FlwrError("unauthenticated", "The token does not belong to a run, or no longer does");
  }
  return run;
}
