import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { SweepLimits, SweepTime } from "../transactions/sweep_time.ts";
import type { Effects, Transacts } from "../transactions/transactions.ts";
import type { Joins } from "./joins.ts";
import type { NodeTable } from "./node_table.ts";

/** What operations on nodes work with. */
export interface NodeContext extends Transacts<NodeTransaction, NodeEvent> {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: NodeLimits & SweepLimits;
  readonly joins: Joins;
  /** What the owner's list of keys calls the holder of a key. */
  readonly listedName: (publicKey: Uint8Array) => string | undefined;
  /** When the housekeeper looks next whether too many nodes are away. */
  readonly absences: SweepTime;
}

/** What a transaction on nodes reads and writes. */
export interface NodeTransaction {
  readonly nodes: NodeTable;
  readonly nodeDependents: NodeDependents;
}

/** What depends on nodes, and takes part in their transactions: their messages. */
export interface NodeDependents {
  /** The node joined: what it was handed and has not answered waits for it again. */
  joined(nodeId: bigint): Promise<void>;
  /** The node is away or gone: its replies may never come. */
  absent(nodeId: bigint): Promise<void>;
  /** The node was unregistered: nothing more is taken from it. */
  unregistered(nodeId: bigint): Promise<void>;
}

export type NodeEffects = Effects<NodeEvent>;

/** What happens to nodes. */
export type NodeEvent =
  /** `takeover`: the node was online under this key when it joined again. */
  | {
    readonly kind: "node-joined";
    readonly nodeId: bigint;
    readonly takeover: boolean;
    readonly name?: string;
  }
  | { readonly kind: "node-offline"; readonly nodeId: bigint; readonly onlineUntil: number }
  /** A heartbeat of a node that was offline. */
  | { readonly kind: "node-returned"; readonly nodeId: bigint }
  /** It went offline by its own word, and stays registered. */
  | { readonly kind: "node-deactivated"; readonly nodeId: bigint }
  /** `forgotten`: it has no key by which it could come back. */
  | { readonly kind: "node-left"; readonly nodeId: bigint; readonly forgotten: boolean }
  | { readonly kind: "node-registered"; readonly nodeId: bigint; readonly name?: string }
  | { readonly kind: "node-unregistered"; readonly nodeId: bigint }
  /** A node that nobody registered but itself had been away for long, and was forgotten. */
  | { readonly kind: "node-forgotten"; readonly nodeId: bigint };

/** What bounds nodes. Times are in seconds. */
export interface NodeLimits {
  /** The longest heartbeat interval a node may ask for (Flower 1.41 accepts 10 to 1800). */
  readonly maxHeartbeatIntervalSeconds: number;
  /** How long a node without a key is remembered after it went offline: it can never be recognised again. */
  readonly anonymousNodeRetentionSeconds: number;
  /**
   * How long a node with a key that registered itself is remembered while it is away. Infinity where the SuperLink's
   * owner says who is admitted.
   */
  readonly absentNodeRetentionSeconds: number;
  /**
   * How many nodes that are away, and that time forgets, are remembered. Beyond it those that never joined are forgotten
   * first, then those that time would forget next: strangers can register any number.
   */
  readonly maxAbsentNodes: number;
}

/** What bounds nodes when nothing else is said. */
export const DEFAULT_NODE_LIMITS: NodeLimits = {
  maxHeartbeatIntervalSeconds: 1800,
  anonymousNodeRetentionSeconds: 3600,
  absentNodeRetentionSeconds: 7 * 86_400,
  maxAbsentNodes: 10_000,
};
