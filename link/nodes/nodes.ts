import type { NodeState } from "./node_state.ts";

/** Node id of the SuperLink itself. Every ServerApp sends and receives under this id. */
export const SUPERLINK_NODE_ID = 1n;

/** Heartbeat schedule of a node. */
export interface HeartbeatPromise {
  /** Longest time between two heartbeats, in seconds. */
  readonly heartbeatInterval: number;
  /** Number of intervals without a heartbeat after which the node is offline; default 1. */
  readonly patience?: number;
}

/** A node as callers see it. Times are Unix times in seconds. */
export interface LinkNode {
  readonly nodeId: bigint;
  /** Public key of the node (SPKI, DER); undefined without authentication. */
  readonly publicKey?: Uint8Array;
  readonly state: NodeState;
  /** When the node goes offline unless it sends a heartbeat. */
  readonly onlineUntil: number;
  /** Heartbeat interval in seconds that the node last requested; 0 before its first join. */
  readonly heartbeatInterval: number;
  /**
   * Who registered the key: the SuperLink's operator ("owner"), or the node itself when it joined ("self"). A SuperLink
   * with authentication admits the operator's nodes. Keys of the others must be in its key list at every call.
   */
  readonly registeredBy: "owner" | "self";
  /**
   * Name for people: the one given at registration by the operator, or else the one in the operator's key list, or else
   * the one that the node gives itself. Not unique.
   */
  readonly name?: string;
  /** "latitude,longitude", as given at registration. */
  readonly location?: string;
  readonly registeredAt: number;
  readonly activatedAt?: number;
  readonly deactivatedAt?: number;
  readonly unregisteredAt?: number;
  /**
   * Wire with which the node pulls its messages. The dialects define the values; the domain only stores them. Undefined
   * after a join until the node shows it.
   */
  readonly wire?: string;
}

/** An online node. */
export interface OnlineNode {
  readonly nodeId: bigint;
  /** As LinkNode.name. */
  readonly name?: string;
}

/** The nodes of a SuperLink. The caller has authenticated every node id. */
export interface Nodes {
  /**
   * Joins a node. A node with a known key gets its former id, even while it is online: the new process then replaces
   * the
   * old one. Unanswered instructions of the node are handed out again.
   *
   * @param input `name`: name that the node gives itself, kept until it joins again; see base/node_name.ts
   * @throws invalid-argument for an interval outside (0, limits.maxHeartbeatIntervalSeconds] or an invalid name;
   *   permission-denied for a key that was unregistered
   */
  create(
    input: { publicKey?: Uint8Array; wire?: string; name?: string } & HeartbeatPromise,
  ): Promise<LinkNode>;
  /**
   * Registers a key, with which a node can then join.
   *
   * @param input `by`: see LinkNode.registeredBy; default "owner"
   * @throws already-exists if the key is or was registered, because an unregistered key is never admitted again
   */
  register(
    input: { publicKey: Uint8Array; name?: string; location?: string; by?: "owner" | "self" },
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
   * Takes a node offline that signs off. It stays registered. Its unanswered instructions wait for its return, but a
   * pull
   * for their replies returns the error NodeUnavailable.
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
   * @returns false if the node does not exist or is no member
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
