import type { LinkNode, OnlineNode } from "../../entities/node.ts";

/** How often a node promises to show that it is alive. */
export interface HeartbeatPromise {
  /** Seconds between two heartbeats, at most. */
  readonly heartbeatInterval: number;
  /** Intervals without a heartbeat after which the node counts as offline; 1 by default. */
  readonly patience?: number;
}

/** The nodes of a SuperLink. Every id was authenticated by the caller. */
export interface Nodes {
  /**
   * Registers a node, or brings the holder of the same key back under the same id, at once: also while the node
   * is online (the newcomer takes over). Instructions that were handed to it but never answered are handed out
   * again.
   *
   * @param input `name`: what the node calls itself; checked, and kept until it joins again
   * @throws invalid-argument for an interval outside (0, limits.maxHeartbeatIntervalSeconds], or a name that
   *   base/node_name.ts does not take;
   *   permission-denied for a key that was unregistered
   */
  create(
    input: { publicKey?: Uint8Array; wire?: string; name?: string } & HeartbeatPromise,
  ): Promise<LinkNode>;
  /**
   * Makes a key known, so that its holder can join.
   *
   * @param input `by` as LinkNode.registeredBy, "owner" by default
   * @throws already-exists when it is known, or ever was: an unregistered key never comes back
   */
  register(
    input: { publicKey: Uint8Array; name?: string; location?: string; by?: "owner" | "self" },
  ): Promise<LinkNode>;
  /**
   * Ends a node's membership for good; its key is never admitted again.
   *
   * @param by "self" for a node that does so itself: where it had registered itself, too, it is forgotten in time, like
   *   one that is away. "owner" by default
   * @throws not-found
   */
  unregister(nodeId: bigint, by?: "owner" | "self"): Promise<void>;
  /**
   * The holder of a registered key joins, as by create.
   *
   * @throws not-found when the key is not registered; permission-denied when it was unregistered;
   *   invalid-argument as create
   */
  activate(input: { publicKey: Uint8Array } & HeartbeatPromise): Promise<LinkNode>;
  /**
   * The node goes offline by its own word. It stays registered. What it was handed and has not answered waits for
   * its return; whoever asks for the replies is told that the node is unavailable.
   *
   * @throws not-found
   */
  deactivate(nodeId: bigint): Promise<void>;
  /**
   * The node leaves. Whoever asks for replies to its unanswered instructions is answered with error
   * NodeUnavailable. With a key, the id is kept for its return; without one, the node is forgotten.
   *
   * @throws not-found
   */
  leave(nodeId: bigint): Promise<void>;
  /**
   * Keeps the node online for another interval; brings an offline one back.
   *
   * @param patience as in HeartbeatPromise
   * @param wire LinkNode.wire from now on; by default that stays
   * @returns false for a node that is not there
   * @throws invalid-argument for an interval outside (0, limits.maxHeartbeatIntervalSeconds]
   */
  heartbeat(
    nodeId: bigint,
    heartbeatInterval: number,
    patience?: number,
    wire?: string,
  ): Promise<boolean>;
  /**
   * The node that last joined with this key, also after it left or was unregistered: its state tells. One that registered
   * itself and has been away for limits.absentNodeRetentionSeconds is forgotten: its key is another node's then.
   */
  ofKey(publicKey: Uint8Array): Promise<LinkNode | undefined>;
  /** All nodes, the unregistered ones included, the earliest registered first. */
  list(): Promise<LinkNode[]>;
  /** Ids of all nodes that are online. */
  online(): Promise<bigint[]>;
  /** The same nodes with their names. */
  onlineNames(): Promise<OnlineNode[]>;
}
