import { FlwrError } from "../../base/error.ts";
import { needPieces } from "./bundles.ts";
import type { RunContext, RunTransaction } from "./context.ts";
import { SELF_STARTED } from "./run_state.ts";
import type { InternalRunFields, RunRecord } from "./run_table.ts";
import {
  DEFAULT_FEDERATION,
  type LinkRun,
  type NewLinkRun,
  unknownRun,
} from "../../entities/run.ts";
import { hashToken } from "./token.ts";
import { sumTraffic } from "./traffic.ts";

/** See Runs.create. */
export function createRun(context: RunContext, input: NewLinkRun): Promise<LinkRun> {
  return context.transact("durable", async (tx, effects) => {
    const { fabId, fabVersion, fab, overrideConfig = {} } = input;
    if (input.seriesId !== undefined && !await tx.runs.hasSeries(input.seriesId)) {
      throw new FlwrError(
        "not-found",
        `The SuperLink stores no run of series "${input.seriesId}"`,
      );
    }
    const now = context.clock.now();
    const run: RunRecord = {
      runId: await freshId(context, async (id) => await tx.runs.get(id) !== undefined),
      fabId,
      fabVersion,
      fabHash: fab?.hash ?? "",
      overrideConfig,
      federation: input.federation ?? DEFAULT_FEDERATION,
      seriesId: input.seriesId ??
        await freshId(context, (id) => tx.runs.hasSeries(id)),
      taskId: await freshId(context, () => Promise.resolve(false)),
      details: "",
      pendingAt: now,
      ...(fab === undefined
        ? {
          state: SELF_STARTED,
          startingAt: now,
          runningAt: now,
          dueAt: now + context.limits.selfStartedRunSeconds,
        }
        : { state: "pending" }),
      bytesSent: 0,
      bytesReceived: 0,
      clientAppSeconds: 0,
    };
    await tx.runs.put(run);
    if (fab !== undefined && !await tx.fabs.has(fab.hash)) {
      await tx.fabs.add(fab.hash, fab.content);
      await needPieces(tx, fab.hash, fab.pieces ?? []);
    }
    if (run.state === "pending") effects.wake("runs");
    effects.due(run.dueAt);
    effects.emit({ kind: "run-created", runId: run.runId });
    return toRun(context, run);
  });
}

/** See Runs.get. */
export function getRun(context: RunContext, runId: bigint): Promise<LinkRun | undefined> {
  return readRun(context, (tx) => tx.runs.get(runId));
}

/** See Runs.ofToken. */
export function runOfToken(context: RunContext, token: string): Promise<LinkRun | undefined> {
  const hash = hashToken(token);
  return readRun(context, (tx) => tx.runs.byToken(hash));
}

/** See Runs.list. */
export function listRuns(
  context: RunContext,
  { limit, skip }: { limit: number; skip: number },
): Promise<LinkRun[]> {
  return context.transact("relaxed", async (tx) => {
    const runs = await tx.runs.list(limit, skip);
    return runs.map((run) => toRun(context, run));
  });
}

const INTERNAL: Readonly<Record<keyof InternalRunFields, true>> = {
  tokenHash: true,
  dueAt: true,
  logBytes: true,
  artifactBytes: true,
};

/** A run as callers see it: without internal fields, and with the traffic that is not stored yet. */
export function toRun({ traffic }: RunContext, record: RunRecord): LinkRun {
  const visible = Object.entries(record).filter(([field]) => !(field in INTERNAL));
  const total = sumTraffic(record, traffic.unsaved(record.runId));
  return { ...Object.fromEntries(visible) as unknown as LinkRun, ...total };
}

/** @throws not-found */
export async function requireRun(
  tx: Pick<RunTransaction, "runs">,
  runId: bigint,
): Promise<RunRecord> {
  const run = await tx.runs.get(runId);
  if (run === undefined) throw new FlwrError("not-found", unknownRun(runId));
  return run;
}

function readRun(
  context: RunContext,
  find: (tx: RunTransaction) => Promise<RunRecord | undefined>,
): Promise<LinkRun | undefined> {
  return context.transact("relaxed", async (tx) => {
    const run = await find(tx);
    return run && toRun(context, run);
  });
}

async function freshId(
  { random }: RunContext,
  isTaken: (id: bigint) => Promise<boolean>,
): Promise<bigint> {
  let id = random.uint64();
  while (id === 0n || await isTaken(id)) id = random.uint64();
  return id;
}
