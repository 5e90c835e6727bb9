import type { AccountIdentity } from "../../entities/account.ts";
import type { LinkNode, OnlineNode } from "../../entities/node.ts";

/** Heartbeat schedule of a node. */
export interface HeartbeatPromise {
  /** Longest time between two heartbeats, in seconds. */
  readonly heartbeatInterval: number;
  /** Number of intervals without a heartbeat after which the node is offline; default 1. */
  readonly patience?: number;
}

/** The nodes of a SuperLink. The caller has authenticated every node id. */
export interface Nodes {
  /**
   * Joins a node. A node with a known key gets its former id, even while it is online: the new process then replaces
   * the old one. Unanswered instructions of the node are handed out again.
   *
   * @param input `name`: name that the node gives itself, kept until it joins again; see base/node_name.ts. `session`:
   *   see LinkNode.session
   * @throws invalid-argument for an interval outside (0, limits.maxHeartbeatIntervalSeconds] or an invalid name;
   *   permission-denied for a key that was unregistered
   */
  create(
    input:
      & { publicKey?: Uint8Array; wire?: string; name?: string; session?: string }
      & HeartbeatPromise,
  ): Promise<LinkNode>;
  /**
   * Registers a key, with which a node can then join.
   *
   * @param input `by`: see LinkNode.registeredBy; default "owner". `owner`: the account that registers it
   * @throws already-exists if the key is or was registered, because an unregistered key is never admitted again
   */
  register(
    input: {
      publicKey: Uint8Array;
      name?: string;
      location?: string;
      by?: "owner" | "self";
      owner?: AccountIdentity;
    },
  ): Promise<LinkNode>;
  /**
   * Ends a node's membership for good. Its key is never admitted again.
   *
   * @param by "self" if the node does so itself. If it also registered itself, it is removed after some time, like an
   *   absent node. Default "owner"
   * @throws not-found
   */
  unregister(nodeId: bigint, by?: "owner" | "self"): Promise<void>;
  /**
   * Joins a node with a registered key, like `create`.
   *
   * @throws not-found if the key is not registered; permission-denied if it was unregistered; invalid-argument like
   *   `create`
   */
  activate(input: { publicKey: Uint8Array } & HeartbeatPromise): Promise<LinkNode>;
  /**
   * Takes a node that signs off offline. It stays registered. Its unanswered instructions wait for its return, but a
   * pull for their replies returns the error NodeUnavailable.
   *
   * @throws not-found
   */
  deactivate(nodeId: bigint): Promise<void>;
  /**
   * Removes a node that leaves. A pull for replies to its unanswered instructions returns the error NodeUnavailable. A
   * node with a key keeps its id for a return; a node without a key is removed from the store.
   *
   * @throws not-found
   */
  leave(nodeId: bigint): Promise<void>;
  /**
   * Keeps a node online for another interval, or brings it online.
   *
   * @param patience see {@link HeartbeatPromise}
   * @param wire new value of LinkNode.wire; default: no change
   * @returns false if the node does not exist or is not a member
   * @throws invalid-argument for an interval outside (0, limits.maxHeartbeatIntervalSeconds]
   */
  heartbeat(
    nodeId: bigint,
    heartbeatInterval: number,
    patience?: number,
    wire?: string,
  ): Promise<boolean>;
  /**
   * The node with this key, including a node that left or was unregistered. A node that registered itself is removed
   * after limits.absentNodeRetentionSeconds of absence; its key then gets a new node.
   */
  ofKey(publicKey: Uint8Array): Promise<LinkNode | undefined>;
  /** All nodes, including unregistered ones, in the order of registration. */
  list(): Promise<LinkNode[]>;
  /** Ids of all nodes that are online. */
  online(): Promise<bigint[]>;
  /** Ids and names of all nodes that are online. */
  onlineNames(): Promise<OnlineNode[]>;
}
