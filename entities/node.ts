/**
 * Where a node is in its life: known but never joined, within its heartbeat interval, past it or offline by its own
 * word, gone by its own word, or expelled for good. A node that left keeps its id if it has a key; the key of one that
 * was unregistered is never admitted again.
 */
export type NodeState = "registered" | "online" | "offline" | "left" | "unregistered";

/** A node as the SuperLink knows it. Times are Unix times in seconds. */
export interface LinkNode {
  readonly nodeId: bigint;
  /** The SPKI public key (DER) it authenticates with; undefined without authentication. */
  readonly publicKey?: Uint8Array;
  readonly state: NodeState;
  /** Until when the node counts as online. */
  readonly onlineUntil: number;
  /** Seconds, as last asked for by the node; 0 before it first joined. */
  readonly heartbeatInterval: number;
  /**
   * Who made its key known: the SuperLink's owner, by register, or the node itself, by joining. A SuperLink that
   * authenticates its nodes admits the owner's; the others' keys must be in its list at every call.
   */
  readonly registeredBy: "owner" | "self";
  /**
   * What people call it: as given at its registration by the SuperLink's owner; where there is none, as the owner's list
   * of keys says; else as the node itself says. Not unique.
   */
  readonly name?: string;
  /** "latitude,longitude", as given at its registration. */
  readonly location?: string;
  readonly registeredAt: number;
  readonly activatedAt?: number;
  readonly deactivatedAt?: number;
  readonly unregisteredAt?: number;
  /**
   * How it takes its messages, in the words of the dialect that knows: the domain only keeps it. Undefined until the node
   * has shown it, and after it joined anew.
   */
  readonly wire?: string;
}

/** A node that is online. */
export interface OnlineNode {
  readonly nodeId: bigint;
  /** As LinkNode.name. */
  readonly name?: string;
}
