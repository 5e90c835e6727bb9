import type { Effects, Transacts } from "../transactions/transactions.ts";
import type { ObjectTable } from "./object_table.ts";
import type { ObjectId } from "../../entities/object.ts";
import type { LooseReplies } from "./pulls.ts";
import type { TreeCache } from "./tree_cache.ts";

/** What operations on objects work with. */
export interface ObjectContext extends Transacts<ObjectTransaction, never> {
  readonly limits: ObjectLimits;
  readonly trees: TreeCache;
  readonly loose: LooseReplies;
  /** Counts what runs are sent. */
  readonly traffic: { send(effects: Effects<never>, runId: bigint, bytes: number): void };
}

/** The tables of objects, and the pushes that announce them. */
export interface ObjectTables {
  readonly objects: ObjectTable;
  readonly pushes: {
    /** Whether a push that waits for objects announced the object. */
    isAnnounced(id: ObjectId): Promise<boolean>;
  };
}

/** What a transaction on objects reads and writes. */
export interface ObjectTransaction extends ObjectTables {
  readonly objectRights: ObjectRights;
}

/** Who asks for objects: a node, or SUPERLINK_NODE_ID for a run's ServerApp. */
export interface ObjectCaller {
  readonly nodeId: bigint;
  readonly runId: bigint;
}

/** Who may have which objects: messages say so. */
export interface ObjectRights {
  /** Whether the caller was given the message. */
  wasGiven(caller: ObjectCaller, messageId: ObjectId): Promise<boolean>;
  /** Whether the object is part of a message that the caller was given. */
  mayHave(caller: ObjectCaller, id: ObjectId): Promise<boolean>;
}

/** What bounds objects. Times are in seconds. */
export interface ObjectLimits {
  /** How deep the objects of a content may be nested. Flower's go 5 deep: message to array chunk. */
  readonly maxObjectDepth: number;
  /** How many nodes a message's tree may have, where an object stands at each place that refers to it. */
  readonly maxTreeNodes: number;
  /** How many ids of objects are remembered with the trees that they form, to look them up without the store. */
  readonly maxCachedTreeIds: number;
}

/** What bounds objects when nothing else is said. */
export const DEFAULT_OBJECT_LIMITS: ObjectLimits = {
  maxObjectDepth: 16,
  maxTreeNodes: 50_000,
  maxCachedTreeIds: 20_000,
};
