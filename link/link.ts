import type { LinkMessage, LinkObject, NewLinkMessage, ObjectId } from "./message.ts";

/** How long a pull may be held, and what ends it early. */
export interface HoldOptions {
  /** Seconds to wait for work before an empty answer; 0 answers at once. At most limits.maxHoldSeconds. */
  holdSeconds?: number;
  /** Ends the wait: the caller has gone. The answer is then empty, and what was due stays due. */
  signal?: AbortSignal;
}

/** A node as the SuperLink knows it. */
export interface LinkNode {
  readonly nodeId: bigint;
  /** The SPKI public key (DER) it authenticates with; undefined without authentication. */
  readonly publicKey?: Uint8Array;
  /** Unix time in seconds until which the node counts as online. */
  readonly onlineUntil: number;
}

/** A run as the SuperLink knows it. */
export interface LinkRun {
  readonly runId: bigint;
  readonly fabId: string;
  readonly fabVersion: string;
}

/** Why one message of a push was refused. The others of the same push are not affected. */
export interface Refusal {
  /** What is wrong with it, as a sentence. */
  readonly reason: string;
}

/**
 * The SuperLink's domain: nodes, runs, messages, objects. It knows no wire: dialects translate. Every id it is
 * given was authenticated by its caller; it checks the relations between them.
 *
 * After `close`, every method rejects with "unavailable".
 */
export interface LinkService {
  // Nodes
  /**
   * Registers a node, or brings the holder of the same key back under the same id, at once: also while the node
   * is online (the newcomer takes over). Instructions that were handed to it but never answered are handed out
   * again.
   *
   * @throws invalid-argument for an interval outside (0, limits.maxHeartbeatIntervalSeconds]
   */
  createNode(input: { publicKey?: Uint8Array; heartbeatInterval: number }): Promise<LinkNode>;
  /**
   * The node leaves. Whoever asks for replies to its unanswered instructions is answered with error
   * NodeUnavailable. With a key, the id is kept for its return; without one, the node is forgotten.
   *
   * @throws not-found
   */
  deleteNode(nodeId: bigint): Promise<void>;
  /**
   * Keeps the node online for another interval; brings an offline one back.
   *
   * @returns false for a node that is not there
   * @throws invalid-argument for an interval outside (0, limits.maxHeartbeatIntervalSeconds]
   */
  heartbeat(nodeId: bigint, heartbeatInterval: number): Promise<boolean>;
  /** The node that last joined with this key, also after it left. */
  nodeOfKey(publicKey: Uint8Array): Promise<LinkNode | undefined>;
  /** Ids of all nodes that are online. */
  onlineNodes(): Promise<bigint[]>;

  // Runs
  createRun(input: { fabId: string; fabVersion: string }): Promise<LinkRun>;
  getRun(runId: bigint): Promise<LinkRun | undefined>;

  // Messages
  /** Takes instructions with the objects they need, in one transaction; wakes the pulls that wait for them. */
  pushInstructions(
    messages: readonly NewLinkMessage[],
    objects: readonly LinkObject[],
  ): Promise<(LinkMessage | Refusal)[]>;
  /**
   * The oldest instruction that waits for the node; marks it as handed out. Held as the options say.
   *
   * @throws not-found when the node never joined or has left
   */
  pullInstruction(nodeId: bigint, options?: HoldOptions): Promise<LinkMessage | undefined>;
  /**
   * Gives an instruction back that could not be delivered (the connection broke while it was being sent). It
   * counts as one of limits.maxDeliveries. Without effect when the instruction is not with that node.
   */
  returnInstruction(nodeId: bigint, messageId: string): Promise<void>;
  /** Takes a node's reply once: a second one for the same instruction is refused. `nodeId` is who sends. */
  pushReply(
    nodeId: bigint,
    reply: NewLinkMessage,
    objects: readonly LinkObject[],
  ): Promise<LinkMessage | Refusal>;
  /**
   * Replies to the given instructions, as soon as there is one. Asking again for one that was returned gives it
   * again for limits.replyGraceSeconds: an answer lost on the way is not lost for good. Instructions that can no
   * longer be answered (node gone, expired, unknown) come back as error replies, and are final from then on.
   */
  pullReplies(messageIds: readonly string[], options?: HoldOptions): Promise<LinkMessage[]>;

  // Objects
  /**
   * The objects under a root, children first, each once, for a message just pulled. An instruction's are there
   * until it is answered, a reply's until its grace ends.
   *
   * @throws not-found
   */
  objectTree(root: ObjectId): Promise<LinkObject[]>;

  /** Ends all held pulls and closes the store. Calling it again has no effect. */
  close(): Promise<void>;
}

/** Tells a refusal from an accepted message. */
export function isRefusal(outcome: LinkMessage | Refusal): outcome is Refusal {
  return "reason" in outcome;
}
