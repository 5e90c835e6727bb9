import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { listArtifacts, putArtifactPiece, readArtifactPiece } from "./artifacts/pieces.ts";
import { type LinkContext, transact } from "./transactions/transactions.ts";
import type { LinkEvent } from "./events.ts";
import { getFabPiece, keepPieces } from "./runs/attachments.ts";
import { getFab } from "./runs/fabs.ts";
import { Housekeeper } from "./housekeeper.ts";
import { pullInstruction, pushInstructions, returnInstruction } from "./messages/instructions.ts";
import { Joins } from "./nodes/joins.ts";
import { DEFAULT_LINK_LIMITS, type LinkLimits } from "./limits.ts";
import type { LinkService } from "./link.ts";
import { LooseReplies } from "./messages/loose_replies.ts";
import {
  activateNode,
  createNode,
  deactivateNode,
  deleteNode,
  registerNode,
  unregisterNode,
} from "./nodes/membership.ts";
import type { LinkObject, MessageDraft } from "./messages/message.ts";
import { heartbeat, listNodes, nodeOfKey, onlineNames, onlineNodes } from "./nodes/presence.ts";
import { objectTree, pullObject, treeOf } from "./objects/pulls.ts";
import { pullObjects } from "./objects/pulls_together.ts";
import { openPush, putObject } from "./messages/pushes.ts";
import { QuietInstructions } from "./messages/quiet.ts";
import { recover } from "./recover.ts";
import { confirmReceived, pullReplies, pushReply } from "./messages/replies.ts";
import { Retention } from "./runs/retention.ts";
import { RunOutcomes } from "./runs/outcomes.ts";
import { beginRun, claimRun, finishRun, runHeartbeat } from "./runs/claims.ts";
import { failRun, stopRun } from "./runs/end.ts";
import { appendLog, readLog } from "./runs/log.ts";
import { createRun, getRun, listRuns, runOfToken } from "./runs/run_records.ts";
import { noteSigned, signedUntil } from "./signers.ts";
import type { LinkStore } from "./store/store.ts";
import { StoreTrouble } from "./transactions/store_trouble.ts";
import { TrafficMeter } from "./runs/traffic.ts";
import { TreeCache } from "./objects/tree_cache.ts";
import { Wakes } from "./transactions/wakes.ts";

/** What the SuperLink's domain is made of. */
export interface LinkOptions {
  /** Where the state is; the service closes it, also when it cannot start. */
  readonly store: LinkStore;
  readonly clock: Clock;
  /** Gives ids: unguessable ones in production. */
  readonly random: Random;
  /** Limits that differ from {@link DEFAULT_LINK_LIMITS}. */
  readonly limits?: Partial<LinkLimits>;
  /** Makes the object of a message that the SuperLink writes itself: an error in the place of a reply. */
  readonly messageObject: (message: MessageDraft) => LinkObject;
  /** What the owner's list of keys calls the holder of a key (SPKI, DER); default: nothing. Must not throw. */
  readonly listedName?: (publicKey: Uint8Array) => string | undefined;
  /** Told what happened, once it is stored. Must not throw. */
  readonly onEvent?: (event: LinkEvent) => void;
}

/**
 * The SuperLink's domain over a store. It takes up what an earlier process left there: nodes that were online have
 * one heartbeat interval to return, and instructions that were handed out are handed out again.
 */
export async function createLink(options: LinkOptions): Promise<LinkService> {
  const closing = new AbortController();
  const housekeeper = new Housekeeper();
  const limits = { ...DEFAULT_LINK_LIMITS, ...options.limits };
  const onEvent = options.onEvent ?? (() => {});
  const context: LinkContext = {
    store: options.store,
    clock: options.clock,
    random: options.random,
    limits,
    messageObject: options.messageObject,
    wakes: new Wakes(),
    quiet: new QuietInstructions(),
    traffic: new TrafficMeter(),
    loose: new LooseReplies(),
    joins: new Joins(),
    listedName: options.listedName ?? (() => undefined),
    retention: new Retention(),
    absences: new Retention(),
    outcomes: new RunOutcomes(),
    staged: new Map(),
    trees: new TreeCache(limits.maxCachedTreeIds),
    trouble: new StoreTrouble(options.clock, onEvent),
    onEvent,
    expect: (dueAt) => housekeeper.expect(dueAt),
    closing: closing.signal,
  };
  try {
    await recover(context);
  } catch (error) {
    await options.store.close();
    throw error;
  }
  housekeeper.start(context);
  return {
    createNode: (input) => createNode(context, input),
    registerNode: (input) => registerNode(context, input),
    unregisterNode: (nodeId, by) => unregisterNode(context, nodeId, by),
    activateNode: (input) => activateNode(context, input),
    deactivateNode: (nodeId) => deactivateNode(context, nodeId),
    deleteNode: (nodeId) => deleteNode(context, nodeId),
    heartbeat: (nodeId, interval, patience, wire) =>
      heartbeat(context, nodeId, interval, patience, wire),
    nodeOfKey: (publicKey) => nodeOfKey(context, publicKey),
    signedUntil: () => signedUntil(context),
    noteSigned: (until, forgetBefore) => noteSigned(context, until, forgetBefore),
    listNodes: () => listNodes(context),
    onlineNodes: () => onlineNodes(context),
    onlineNames: () => onlineNames(context),
    createRun: (input) => createRun(context, input),
    getRun: (runId) => getRun(context, runId),
    listRuns: (range) => listRuns(context, range),
    claimRun: (claim) => claimRun(context, claim),
    runOfToken: (token) => runOfToken(context, token),
    beginRun: (token) => beginRun(context, token),
    runHeartbeat: (token) => runHeartbeat(context, token),
    finishRun: (token, end) => finishRun(context, token, end),
    stopRun: (runId) => stopRun(context, runId),
    failRun: (runId, details) => failRun(context, runId, details),
    appendLog: (runId, lines) => appendLog(context, runId, lines),
    readLog: (runId, after, hold) => readLog(context, runId, after, hold),
    putArtifactPiece: (runId, piece) => putArtifactPiece(context, runId, piece),
    listArtifacts: (runId) => listArtifacts(context, runId),
    readArtifactPiece: (artifactId, offset) => readArtifactPiece(context, artifactId, offset),
    getFab: (hash) => getFab(context, hash),
    getFabPiece: (fabHash, hash) => getFabPiece(context, fabHash, hash),
    keepPieces: (hashes, content) => keepPieces(context, hashes, content),
    pushInstructions: (messages, objects) => pushInstructions(context, messages, objects),
    pullInstruction: (nodeId, hold) => pullInstruction(context, nodeId, hold),
    returnInstruction: (nodeId, handed) => returnInstruction(context, nodeId, handed),
    pushReply: (nodeId, reply, objects) => pushReply(context, nodeId, reply, objects),
    pullReplies: (messageIds, hold) => pullReplies(context, messageIds, hold),
    openPush: (push) => openPush(context, push),
    putObject: (push, object, message) => putObject(context, push, object, message),
    pullObject: (caller, id, makeRoom) => pullObject(context, caller, id, makeRoom),
    pullObjects: (caller, wanted, makeRoom) => pullObjects(context, caller, wanted, makeRoom),
    confirmReceived: (caller, messageId) => confirmReceived(context, caller, messageId),
    treeOf: (root) => treeOf(context, root),
    objectTree: (root, runId) => objectTree(context, root, runId),
    close: async () => {
      if (!closing.signal.aborted) await saveTraffic(context);
      closing.abort();
      context.wakes.wakeAll();
      await housekeeper.stopped();
      await options.store.close();
    },
  };
}

/** Writes what was counted and is not in the store yet. */
async function saveTraffic(context: LinkContext): Promise<void> {
  const runs = context.traffic.runs();
  if (runs.length === 0) return;
  await transact(context, "relaxed", async (tx, effects) => {
    for (const runId of runs) await context.traffic.save(tx, effects, runId);
  });
}
