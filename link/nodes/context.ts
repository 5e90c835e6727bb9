import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { SweepLimits, SweepTime } from "../transactions/sweep_time.ts";
import type { Effects, Transacts } from "../transactions/transactions.ts";
import type { Together } from "../transactions/together.ts";
import type { NodeRecord, NodeTable } from "./node_table.ts";

/** State and services that operations on nodes use. */
export interface NodeContext extends Transacts<NodeTransaction, NodeEvent> {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: NodeLimits & SweepLimits;
  /** Name of a public key in the operator's key list. */
  readonly listedName: (publicKey: Uint8Array) => string | undefined;
  /** When the housekeeper next checks the limit of absent nodes. */
  readonly absences: SweepTime;
  /** Heartbeats of many nodes share a transaction. */
  readonly heartbeats: Together<Heartbeat, boolean>;
  /** Nodes by their keys: the reads of many calls share a transaction. */
  readonly keyReads: Together<Uint8Array, NodeRecord | undefined>;
}

/** A heartbeat of a node; see Nodes.heartbeat. */
export interface Heartbeat {
  readonly nodeId: bigint;
  readonly heartbeatInterval: number;
  readonly patience: number;
  readonly wire?: string;
}

/** Tables that a transaction on nodes reads and writes. */
export interface NodeTransaction {
  readonly nodes: NodeTable;
  readonly nodeDependents: NodeDependents;
}

/** Messages of nodes, as transactions on nodes update them. */
export interface NodeDependents {
  /** Requeues the unanswered instructions of a node that joined. */
  joined(nodeId: bigint): Promise<void>;
  /** Wakes pulls for replies of a node that went offline, left or was removed. */
  absent(nodeId: bigint): Promise<void>;
  /** Ends the pushes of a node that was unregistered, and does the same as `absent`. */
  unregistered(nodeId: bigint): Promise<void>;
}

export type NodeEffects = Effects<NodeEvent>;

/** An event of a node. */
export type NodeEvent =
  /** `takeover`: the node was online when it joined again with the same key. */
  | {
    readonly kind: "node-joined";
    readonly nodeId: bigint;
    readonly takeover: boolean;
    readonly name?: string;
  }
  | { readonly kind: "node-offline"; readonly nodeId: bigint; readonly onlineUntil: number }
  /** An offline node sent a heartbeat. */
  | { readonly kind: "node-returned"; readonly nodeId: bigint }
  /** The node signed off, and stays registered. */
  | { readonly kind: "node-deactivated"; readonly nodeId: bigint }
  /** `forgotten`: the node was removed, because without a key it cannot return. */
  | { readonly kind: "node-left"; readonly nodeId: bigint; readonly forgotten: boolean }
  | { readonly kind: "node-registered"; readonly nodeId: bigint; readonly name?: string }
  | { readonly kind: "node-unregistered"; readonly nodeId: bigint }
  /** A node that registered itself was removed after a long absence. */
  | { readonly kind: "node-forgotten"; readonly nodeId: bigint };

/** Limits of nodes. Times are in seconds. */
export interface NodeLimits {
  /** Longest heartbeat interval that a node may request (Flower 1.41 accepts 10 to 1800). */
  readonly maxHeartbeatIntervalSeconds: number;
  /** Time after which an offline node without a key is removed. It can never be recognised again. */
  readonly anonymousNodeRetentionSeconds: number;
  /**
   * Time after which an absent node with a key is removed, if it registered itself. Infinity if the operator decides
   * which nodes are admitted.
   */
  readonly absentNodeRetentionSeconds: number;
  /**
   * Largest number of absent nodes that have a removal time. Beyond it, nodes that never joined are removed first, then
   * those with the earliest removal time. The limit exists because strangers can register any number of nodes.
   */
  readonly maxAbsentNodes: number;
}

/** Default limits of nodes. */
export const DEFAULT_NODE_LIMITS: NodeLimits = {
  maxHeartbeatIntervalSeconds: 1800,
  anonymousNodeRetentionSeconds: 3600,
  absentNodeRetentionSeconds: 7 * 86_400,
  maxAbsentNodes: 10_000,
};
