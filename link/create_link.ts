import {
  listArtifacts,
  putArtifactPiece,
  readArtifactPiece,
  readCheckpoint,
} from "./artifacts/pieces.ts";
import { claimObjectStore } from "./objects/claim_object_store.ts";
import { collectGarbageUntilClosed } from "./collect_garbage.ts";
import { type LinkContext, openTransaction } from "./context.ts";
import type { LinkEvent } from "./events.ts";
import { Housekeeper } from "./housekeeper.ts";
import { DEFAULT_LINK_LIMITS, type LinkLimits } from "./limits.ts";
import type { Link } from "./link.ts";
import {
  lookForWork,
  pullInstruction,
  returnInstruction,
  unanswered,
} from "./messages/instructions.ts";
import { openPush, putObject } from "./messages/pushes.ts";
import { PendingReplies } from "./messages/pending_replies.ts";
import { confirmReceived, pullReplies } from "./messages/replies.ts";
import { StagedBytes } from "./messages/staged_bytes.ts";
import {
  activateNode,
  createNode,
  deactivateNode,
  deleteNode,
  registerNode,
  unregisterNode,
} from "./nodes/membership.ts";
import {
  handleHeartbeats,
  heartbeat,
  listNodes,
  nodeOfKey,
  onlineNames,
  onlineNodes,
  readNodesOfKeys,
} from "./nodes/presence.ts";
import { AddedSince } from "./journal/added_since.ts";
import { addEvents } from "./journal/app_events.ts";
import { before, next, since } from "./journal/read.ts";
import { record } from "./journal/record.ts";
import { trimUntilClosed } from "./journal/trim.ts";
import { journalRecords } from "./journal/records.ts";
import { LargeObjects } from "./objects/large_objects.ts";
import type { ObjectStore } from "./objects/object_store.ts";
import { pullObject, treeOf } from "./objects/pulls.ts";
import { pullObjects } from "./objects/pull_objects.ts";
import { TreeCache } from "./objects/tree_cache.ts";
import { recover } from "./recover.ts";
import { relook, relookUntilClosed } from "./relook.ts";
import { getFab, getFabPiece, keepPieces } from "./runs/bundles.ts";
import { beginRun, claimRun, finishRun, runHeartbeat } from "./runs/claims.ts";
import { failRun, stopRun } from "./runs/end.ts";
import { interruptRun } from "./runs/interrupt.ts";
import { appendLog, readLog } from "./runs/log.ts";
import {
  createRun,
  getRun,
  listRuns,
  nodeSettingsOf,
  runOfToken,
  startRun,
} from "./runs/run_records.ts";
import { saveCountsUntilClosed } from "./unsaved_counts.ts";
import { TrafficMeter } from "./runs/traffic.ts";
import type { LinkStore } from "./store/store.ts";
import { Leadership } from "./transactions/leadership.ts";
import { ServerLease } from "./transactions/server_lease.ts";
import { SessionWatch } from "./transactions/session_watch.ts";
import { StoreTrouble } from "./transactions/store_trouble.ts";
import { SweepTime } from "./transactions/sweep_time.ts";
import { Together } from "./transactions/together.ts";
import { transactions } from "./transactions/transactions.ts";
import { type Topic, Wakes } from "./transactions/wakes.ts";

/** Longest time between two checks of the limits of finished runs and of absent nodes, if the store is shared. */
const SHARED_SWEEP_SECONDS = 60;

/** A store of large objects. */
export interface LargeObjectStore {
  readonly store: ObjectStore;
  /** Smallest size of an object that goes there, in bytes. */
  readonly from: number;
}

/** Options of {@link createLink}. */
export interface LinkOptions {
  /** The store. The domain closes it, even if it cannot start. */
  readonly store: LinkStore;
  /** Where large objects are stored; default: in the store. The domain closes it. */
  readonly large?: LargeObjectStore;
  readonly clock: LinkContext["clock"];
  /** Source of ids; cryptographically random in production. */
  readonly random: LinkContext["random"];
  /** Limits that differ from {@link DEFAULT_LINK_LIMITS}. */
  readonly limits?: Partial<LinkLimits>;
  /** Encodes the object of a message that the SuperLink creates itself, which is always an error reply. */
  readonly messageObject: LinkContext["messageObject"];
  /** Name of a public key (SPKI, DER) in the operator's key list; default: none. Must not throw. */
  readonly listedName?: (publicKey: Uint8Array) => string | undefined;
  /** Reports failures of the store; default: a new one. Other code that writes to the store shares it. */
  readonly trouble?: StoreTrouble;
  /** Called with the bytes of objects that were sent and received, in committed transactions. Must not throw. */
  readonly onTraffic?: (sent: number, received: number) => void;
  /** Called for each event after its transaction is committed. Must not throw. */
  readonly onEvent?: (event: LinkEvent) => void;
}

/**
 * Creates the SuperLink's domain over a store and restores the state of an earlier process: nodes that were online have
 * one heartbeat interval to return, and instructions that were handed out are handed out again. If other SuperLinks on
 * the store are alive, it changes nothing of theirs.
 */
export async function createLink(options: LinkOptions): Promise<Link> {
  const { store, clock, random, messageObject } = options;
  const [closing, draining] = [new AbortController(), new AbortController()];
  const housekeeper = new Housekeeper();
  const limits = { ...DEFAULT_LINK_LIMITS, ...options.limits };
  const onEvent = options.onEvent ?? (() => {});
  const [wakes, pendingReplies] = [new Wakes(), new PendingReplies(store.isShared)];
  const { trouble = new StoreTrouble(clock, onEvent) } = options;
  const wake = (topics: readonly Topic[]) => {
    for (const topic of topics) {
      pendingReplies.remove(topic);
      wakes.wake(topic);
    }
  };
  const sessions = store.sessions && new SessionWatch(store.sessions);
  const hasLostSession = (serverId: bigint) => sessions?.hasEnded(serverId) === true;
  const server = new ServerLease({
    id: random.uint64(),
    clock,
    seconds: limits.serverLeaseSeconds,
    isShared: store.isShared,
    hasLostSession,
  });
  const sweepSeconds = store.isShared ? SHARED_SWEEP_SECONDS : Infinity;
  const [retention, absences] = [
    new SweepTime(clock, sweepSeconds),
    new SweepTime(clock, sweepSeconds),
  ];
  const housekeeping = !store.isShared ? undefined : new Leadership({
    name: "housekeeping",
    serverId: server.id,
    clock,
    // The leader extends it each time that it looks. Correctness does not depend on who leads.
    seconds: Math.min(limits.serverLeaseSeconds, 2 * limits.relookSeconds),
    hasLostSession,
    onTaken: () => {
      retention.restart();
      absences.restart();
    },
  });
  const context: LinkContext = {
    store,
    clock,
    random,
    limits,
    messageObject,
    wakes,
    pendingReplies,
    trouble,
    server,
    housekeeping,
    traffic: new TrafficMeter(options.onTraffic),
    listedName: options.listedName ?? (() => undefined),
    retention,
    absences,
    staged: new StagedBytes(),
    heartbeats: new Together((heartbeats) => handleHeartbeats(context, heartbeats)),
    workLooks: store.isShared
      ? new Together((nodeIds) => lookForWork(context, nodeIds))
      : undefined,
    keyReads: new Together((publicKeys) => readNodesOfKeys(context, publicKeys)),
    trees: new TreeCache(limits.maxCachedTreeIds),
    large: options.large && new LargeObjects({ ...options.large, clock, random, onEvent }),
    added: new AddedSince(),
    onEvent,
    closing: closing.signal,
    draining: draining.signal,
    transact: transactions({
      store,
      open: (tables, effects) => openTransaction(context, tables, effects),
      begin: (tx, effects) => server.renew(tx, effects),
      record: (tx, effects, events) => record(context, tx, effects, journalRecords(events)),
      trouble,
      closing: closing.signal,
      onEvent,
      onTopics: (topics) => {
        wake(topics);
        line.publish(topics);
      },
      onDue: (dueAt) => housekeeper.expect(dueAt),
    }),
  };
  // After the context, because a subscription that is established already is reported at once.
  const line = store.signals.connect({
    woken: (topics) => {
      wake(topics);
      if (topics.includes("superlinks")) housekeeper.expect(clock.now());
    },
    lost: () => void relook(context),
  });
  try {
    const { objects: placed } = await store.transaction("read-only", (tx) => tx.objects.placed());
    const { settings } = store;
    await claimObjectStore({ placed, settings }, options.large?.store, random);
    await recover(context);
  } catch (error) {
    line[Symbol.dispose]();
    options.large?.store.close();
    await store.close();
    throw error;
  }
  store.sessions?.announce(server.id);
  housekeeper.start(context);
  const background = [
    server.extendUntil(closing.signal, context.transact),
    relookUntilClosed(context),
    sessions?.lookUntil(closing.signal, clock, () => housekeeper.expect(clock.now())),
    saveCountsUntilClosed(context),
    collectGarbageUntilClosed(context),
    trimUntilClosed(context),
  ];
  return {
    ...nouns(context),
    heldCalls: () => wakes.countListeners(),
    drain() {
      draining.abort();
      wakes.wakeAll();
    },
    close: async () => {
      if (!closing.signal.aborted) {
        // The store must be closed even if it cannot write.
        await leave(context).catch((error) => onEvent({ kind: "housekeeping-failed", error }));
      }
      closing.abort();
      options.large?.store.close();
      line[Symbol.dispose]();
      wakes.wakeAll();
      await housekeeper.stopped();
      await Promise.all(background);
      await store.close();
    },
  };
}

/** The operations of each room, bound to the context. */
function nouns(context: LinkContext): Omit<Link, "close" | "drain" | "heldCalls"> {
  return {
    nodes: within(context, {
      create: createNode,
      register: registerNode,
      unregister: unregisterNode,
      activate: activateNode,
      deactivate: deactivateNode,
      leave: deleteNode,
      heartbeat,
      ofKey: nodeOfKey,
      list: listNodes,
      online: onlineNodes,
      onlineNames,
    }),
    runs: within(context, {
      create: createRun,
      start: startRun,
      get: getRun,
      list: listRuns,
      claim: claimRun,
      ofToken: runOfToken,
      begin: beginRun,
      heartbeat: runHeartbeat,
      finish: finishRun,
      stop: stopRun,
      fail: failRun,
      interrupt: interruptRun,
      appendLog,
      readLog,
      getFab,
      nodeSettings: nodeSettingsOf,
      keepPieces,
      getFabPiece,
    }),
    messages: within(context, {
      pullInstruction,
      returnInstruction,
      unanswered,
      pullReplies,
      openPush,
      putObject,
      confirmReceived,
    }),
    objects: within(context, {
      pull: pullObject,
      pullTogether: pullObjects,
      treeOf,
    }),
    artifacts: within(context, {
      putPiece: putArtifactPiece,
      list: listArtifacts,
      readPiece: readArtifactPiece,
      readCheckpoint,
    }),
    journal: within(context, { since, before, next, add: addEvents }),
  };
}

type Operations<Context> = Readonly<
  Record<string, (context: Context, ...input: never[]) => unknown>
>;

/** Operations without their first parameter, the context. */
type Within<O> = {
  readonly [Name in keyof O]: O[Name] extends
    (context: never, ...input: infer Input) => infer Output ? (...input: Input) => Output
    : never;
};

function within<Context, O extends Operations<Context>>(
  context: Context,
  operations: O,
): Within<O> {
  const bound = Object.entries(operations).map(([name, operation]) =>
    [name, (...input: never[]) => operation(context, ...input)] as const
  );
  return Object.fromEntries(bound) as Within<O>;
}

/** Stores the traffic that was counted in memory, and ends this SuperLink's leases. */
async function leave(context: LinkContext): Promise<void> {
  const { housekeeping, server, store, traffic } = context;
  const runs = traffic.runs();
  if (runs.length === 0 && !store.isShared) return;
  await context.transact("relaxed", async (tx, effects) => {
    for (const runId of runs) await traffic.save(tx, effects, runId);
    if (!store.isShared) return;
    await housekeeping?.resign(tx);
    await server.end(tx, effects);
    effects.wake("superlinks");
  });
}
