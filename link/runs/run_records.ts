import { FlwrError } from "../../base/error.ts";
import { NotSynced } from "../transactions/transactions.ts";
import { OutcomeUnknown } from "../transactions/outcome_unknown.ts";
import { needPieces } from "./bundles.ts";
import type { RunContext, RunTransaction } from "./context.ts";
import { resumableRun } from "./resumable_run.ts";
import { NO_REPLIES } from "./outcomes.ts";
import { nextRunState } from "./run_state.ts";
import type { InternalRunFields, RunRecord } from "./run_table.ts";
import {
  type ClaimedRun,
  DEFAULT_FEDERATION,
  type LinkRun,
  mayHaveStarted,
  type NewLinkRun,
  type StartedLinkRun,
  unknownRun,
} from "../../entities/run.ts";
import { patienceSeconds } from "./silence.ts";
import { hashToken, newToken } from "./token.ts";
import { sumTraffic } from "./traffic.ts";

/** See Runs.create. */
export async function createRun(context: RunContext, input: NewLinkRun): Promise<LinkRun> {
  try {
    return await storeRun(context, input);
  } catch (error) {
    // The caller would start a second run, because submissions have no ids by which the first is found.
    if (!(error instanceof NotSynced || error instanceof OutcomeUnknown)) throw error;
    throw new FlwrError(error.code, mayHaveStarted(error.message), { cause: error });
  }
}

function storeRun(context: RunContext, input: NewLinkRun): Promise<LinkRun> {
  return context.transact("durable", async (tx, effects) => {
    const { fab } = input;
    if (input.seriesId !== undefined && !await tx.runs.hasSeries(input.seriesId)) {
      throw new FlwrError(
        "not-found",
        `The SuperLink stores no run of series "${input.seriesId}"`,
      );
    }
    const { resumeFrom, nodeSettings, ...submitted } = input;
    const resumedFrom = resumeFrom === undefined
      ? undefined
      : await resumableRun(tx, resumeFrom, input.fabId);
    const run: RunRecord = {
      ...await pendingRun(context, tx, submitted),
      ...(resumedFrom !== undefined && { resumedFrom }),
    };
    await tx.runs.put(run);
    if (nodeSettings !== undefined) await tx.nodeSettings.add(run.runId, nodeSettings);
    if (!await tx.fabs.has(fab.hash)) {
      await tx.fabs.add(fab.hash, fab.content);
      await needPieces(tx, fab.hash, fab.pieces ?? []);
    }
    effects.wake("runs");
    effects.emit({ kind: "run-created", runId: run.runId });
    return toRun(context, run);
  });
}

/** See Runs.start. */
export function startRun(
  context: RunContext,
  { lifeSign, ...input }: StartedLinkRun,
): Promise<ClaimedRun> {
  const { clock, limits, random } = context;
  return context.transact("durable", async (tx, effects) => {
    const pending = await pendingRun(context, tx, input);
    const starting = nextRunState(pending.state, "claim")!;
    const now = clock.now();
    const token = newToken(random);
    const run: RunRecord = {
      ...pending,
      state: nextRunState(starting, "begin")!,
      startingAt: now,
      runningAt: now,
      tokenHash: hashToken(token),
      lifeSign,
      ...NO_REPLIES,
    };
    const dueAt = now + patienceSeconds(run, limits);
    await tx.runs.put({ ...run, dueAt });
    effects.due(dueAt);
    for (const kind of ["run-created", "run-claimed", "run-began"] as const) {
      effects.emit({ kind, runId: run.runId });
    }
    return { run: toRun(context, run), token };
  });
}

/** See Runs.get. */
export function getRun(context: RunContext, runId: bigint): Promise<LinkRun | undefined> {
  return readRun(context, (tx) => tx.runs.get(runId));
}

/** See Runs.nodeSettings. */
export function nodeSettingsOf(
  context: RunContext,
  runId: bigint,
): Promise<Uint8Array | undefined> {
  return context.transact("read-only", (tx) => tx.nodeSettings.get(runId));
}

/** See Runs.ofToken. */
export function runOfToken(context: RunContext, token: string): Promise<LinkRun | undefined> {
  const hash = hashToken(token);
  return readRun(context, (tx) => tx.runs.byToken(hash));
}

/** See Runs.list. */
export function listRuns(
  context: RunContext,
  { limit, skip, ownerId }: { limit: number; skip: number; ownerId?: string },
): Promise<LinkRun[]> {
  return context.transact("read-only", async (tx) => {
    const runs = await tx.runs.list(limit, skip, ownerId);
    return runs.map((run) => toRun(context, run));
  });
}

const INTERNAL: Readonly<Record<keyof InternalRunFields, true>> = {
  tokenHash: true,
  lifeSign: true,
  dueAt: true,
  vainResumes: true,
  firstSentAt: true,
  serverId: true,
  results: true,
  errors: true,
  lastErrorNodeId: true,
  lastError: true,
  logBytes: true,
  artifactBytes: true,
};

/** A run as callers see it: without internal fields, and with the traffic that is not stored yet. */
export function toRun({ traffic, server }: RunContext, record: RunRecord): LinkRun {
  const { serverId = server.id } = record;
  const visible = Object.entries(record).filter(([field]) => !(field in INTERNAL));
  const total = sumTraffic(record, traffic.unsaved(record.runId));
  return {
    ...Object.fromEntries(visible) as unknown as LinkRun,
    ...(serverId !== server.id && { isElsewhere: true }),
    ...total,
  };
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

/** A run that waits for its ServerApp, with ids that no other run has. */
async function pendingRun(
  context: RunContext,
  tx: RunTransaction,
  { fab, seriesId, ...input }: Omit<NewLinkRun, "fab"> & Partial<Pick<NewLinkRun, "fab">>,
): Promise<RunRecord> {
  return {
    runId: await freshId(context, async (id) => await tx.runs.get(id) !== undefined),
    fabId: input.fabId,
    fabVersion: input.fabVersion,
    fabHash: fab?.hash ?? "",
    overrideConfig: input.overrideConfig ?? {},
    federation: input.federation ?? DEFAULT_FEDERATION,
    seriesId: seriesId ?? await freshId(context, (id) => tx.runs.hasSeries(id)),
    taskId: await freshId(context, () => Promise.resolve(false)),
    state: "pending",
    details: "",
    pendingAt: context.clock.now(),
    ...(input.simulation !== undefined && { simulation: input.simulation }),
    ...(input.owner && { ownerId: input.owner.id, ownerName: input.owner.name }),
    bytesSent: 0,
    bytesReceived: 0,
    clientAppSeconds: 0,
    lifeSign: "heartbeats",
  };
}

function readRun(
  context: RunContext,
  find: (tx: RunTransaction) => Promise<RunRecord | undefined>,
): Promise<LinkRun | undefined> {
  return context.transact("read-only", async (tx) => {
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
