/**
 * State of a node.
 *
 * - `registered`: the key is known, but the node has not joined
 * - `online`: within its heartbeat interval
 * - `offline`: its heartbeat is overdue, or it signed off
 * - `left`: it left by itself; with a key it keeps its id
 * - `unregistered`: its membership has ended for good; its key is never admitted again
 */
export type NodeState = "registered" | "online" | "offline" | "left" | "unregistered";

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
  /** Id of the account that registered it; undefined without one. */
  readonly ownerId?: string;
  /** The name that this account had then. */
  readonly ownerName?: string;
  readonly registeredAt: number;
  readonly activatedAt?: number;
  readonly deactivatedAt?: number;
  readonly unregisteredAt?: number;
  /**
   * Wire with which the node pulls its messages. The dialects define the values; the domain only stores them. Undefined
   * after a join until the node shows it.
   */
  readonly wire?: string;
  /**
   * Session of the program that joined last, so that calls of an earlier one with the same key are refused. Empty if
   * that program named none, as Flower's do. Undefined if that is not known: any program is then accepted.
   */
  readonly session?: string;
}

/** An online node. */
export interface OnlineNode {
  readonly nodeId: bigint;
  /** As LinkNode.name. */
  readonly name?: string;
}
