import type { LinkNode } from "../../entities/node.ts";

/** A node as it is kept. */
export interface NodeRecord extends LinkNode {
  /** As given at its registration: it counts before joinName. */
  readonly name?: string;
  /** What the owner's list of keys, or else the node itself, called it when it last joined. */
  readonly joinName?: string;
  /** Unix time in seconds at which the housekeeper has to look at the node; undefined for never. */
  readonly dueAt?: number;
}

/** The nodes of a store. */
export interface NodeTable {
  get(nodeId: bigint): Promise<NodeRecord | undefined>;
  byKey(publicKey: Uint8Array): Promise<NodeRecord | undefined>;
  /** All nodes, the earliest registered first. */
  all(): Promise<NodeRecord[]>;
  /** All nodes in state "online", whether or not their time has passed. */
  online(): Promise<NodeRecord[]>;
  /** All nodes with registeredBy "self" that are not online and were not unregistered. */
  absent(): Promise<NodeRecord[]>;
  /** How many nodes are not online and have a `dueAt`. */
  countPassing(): Promise<number>;
  /** Those, the ones that never joined first, then the most urgent. */
  passing(limit: number): Promise<NodeRecord[]>;
  /** Ids and names of the nodes in state "online" whose time has not passed, in no particular order. */
  onlineNames(now: number): Promise<Pick<NodeRecord, "nodeId" | "name" | "joinName">[]>;
  /** Nodes whose `dueAt` is not after `now`, the most urgent first. */
  due(now: number, limit: number): Promise<NodeRecord[]>;
  /** Adds the node or replaces the one with its id. */
  put(node: NodeRecord): Promise<void>;
  remove(nodeId: bigint): Promise<void>;
}
