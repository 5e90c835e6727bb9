import type { LinkNode } from "../../entities/node.ts";

/** A stored node. */
export interface NodeRecord extends LinkNode {
  /** Name given at registration. It takes precedence over `joinName`. */
  readonly name?: string;
  /** Name at the last join: from the operator's key list, or else from the node itself. */
  readonly joinName?: string;
  /**
   * How often the node has joined. A pull that began before the last join belongs to a process that was replaced, so it
   * gets no instruction.
   */
  readonly joins: number;
  /** Unix time in seconds at which the housekeeper must handle the node; undefined for never. */
  readonly dueAt?: number;
}

/** Table of nodes. */
export interface NodeTable {
  get(nodeId: bigint): Promise<NodeRecord | undefined>;
  /** The nodes with these ids, as far as they exist, in no particular order. */
  withIds(nodeIds: readonly bigint[]): Promise<NodeRecord[]>;
  byKey(publicKey: Uint8Array): Promise<NodeRecord | undefined>;
  /** The nodes with these keys, as far as they exist, in no particular order. */
  withKeys(publicKeys: readonly Uint8Array[]): Promise<NodeRecord[]>;
  /** All nodes, in the order of registration. */
  all(): Promise<NodeRecord[]>;
  /** All nodes in state "online", including those whose heartbeat is overdue. */
  online(): Promise<NodeRecord[]>;
  /** All nodes with `registeredBy` "self" that are neither online nor unregistered. */
  absent(): Promise<NodeRecord[]>;
  /** Number of nodes that are not online and have a `dueAt`. */
  countForgettable(): Promise<number>;
  /** Nodes that are not online and have a `dueAt`: those that never joined first, then by `dueAt`. */
  forgettable(limit: number): Promise<NodeRecord[]>;
  /** Ids and names of the nodes in state "online" whose heartbeat is not overdue, in no particular order. */
  onlineNames(now: number): Promise<Pick<NodeRecord, "nodeId" | "name" | "joinName">[]>;
  /** Nodes with `dueAt` ≤ `now`, earliest first. */
  due(now: number, limit: number): Promise<NodeRecord[]>;
  /** Adds a node, or replaces the node with the same id. */
  put(node: NodeRecord): Promise<void>;
  /** Adds several nodes, or replaces those with the same ids. Each id occurs once. */
  putAll(nodes: readonly NodeRecord[]): Promise<void>;
  remove(nodeId: bigint): Promise<void>;
}
