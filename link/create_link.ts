import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type LinkContext, transact } from "./context.ts";
import type { LinkEvent } from "./events.ts";
import { Housekeeper } from "./housekeeper.ts";
import { pullInstruction, pushInstructions, returnInstruction } from "./instructions.ts";
import { DEFAULT_LINK_LIMITS, type LinkLimits } from "./limits.ts";
import type { LinkService } from "./link.ts";
import { createNode, deleteNode, heartbeat, nodeOfKey, onlineNodes } from "./nodes.ts";
import { readTree } from "./objects.ts";
import { recover } from "./recover.ts";
import { pullReplies, pushReply } from "./replies.ts";
import { createRun, getRun } from "./runs.ts";
import type { LinkStore } from "./store/store.ts";
import { Wakes } from "./wakes.ts";

/** What the SuperLink's domain is made of. */
export interface LinkOptions {
  /** Where the state is; the service closes it, also when it cannot start. */
  readonly store: LinkStore;
  readonly clock: Clock;
  /** Gives ids: unguessable ones in production. */
  readonly random: Random;
  /** Limits that differ from {@link DEFAULT_LINK_LIMITS}. */
  readonly limits?: Partial<LinkLimits>;
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
  const context: LinkContext = {
    store: options.store,
    clock: options.clock,
    random: options.random,
    limits: { ...DEFAULT_LINK_LIMITS, ...options.limits },
    wakes: new Wakes(),
    onEvent: options.onEvent ?? (() => {}),
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
    deleteNode: (nodeId) => deleteNode(context, nodeId),
    heartbeat: (nodeId, interval) => heartbeat(context, nodeId, interval),
    nodeOfKey: (publicKey) => nodeOfKey(context, publicKey),
    onlineNodes: () => onlineNodes(context),
    createRun: (input) => createRun(context, input),
    getRun: (runId) => getRun(context, runId),
    pushInstructions: (messages, objects) => pushInstructions(context, messages, objects),
    pullInstruction: (nodeId, hold) => pullInstruction(context, nodeId, hold),
    returnInstruction: (nodeId, messageId) => returnInstruction(context, nodeId, messageId),
    pushReply: (nodeId, reply, objects) => pushReply(context, nodeId, reply, objects),
    pullReplies: (messageIds, hold) => pullReplies(context, messageIds, hold),
    objectTree: (root) => transact(context, "relaxed", (tx) => readTree(tx, root)),
    close: async () => {
      closing.abort();
      context.wakes.wakeAll();
      await housekeeper.stopped();
      await options.store.close();
    },
  };
}
