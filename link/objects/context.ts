import type { Effects, Transacts } from "../transactions/transactions.ts";
import type { LargeObjects } from "./large_objects.ts";
import type { ObjectTable } from "./object_table.ts";
import type { ObjectId } from "../../entities/object.ts";
import type { StrayReplyTable } from "./stray_reply_table.ts";
import type { TreeCache } from "./tree_cache.ts";

/** State and services that operations on objects use. */
export interface ObjectContext extends Transacts<ObjectTransaction, never> {
  readonly limits: ObjectLimits;
  readonly trees: TreeCache;
  /** Objects outside of the database; undefined if there is no object store. */
  readonly large: LargeObjects | undefined;
  /** Counts the bytes sent for each run. */
  readonly traffic: { send(effects: Effects<never>, runId: bigint, bytes: number): void };
}

/** Tables of objects and of the pushes that announce them. */
export interface ObjectTables {
  readonly objects: ObjectTable;
  readonly pushes: {
    /** Those of the objects that an open push announced. */
    areAnnounced(ids: readonly ObjectId[]): Promise<Set<ObjectId>>;
  };
}

/** Tables and rights that a transaction on objects uses. */
export interface ObjectTransaction extends ObjectTables {
  readonly strayReplies: StrayReplyTable;
  readonly objectRights: ObjectRights;
}

/** Caller of an operation on objects: a node, or SUPERLINK_NODE_ID for a run's ServerApp. */
export interface ObjectCaller {
  readonly nodeId: bigint;
  readonly runId: bigint;
}

/** Access rights to objects, which follow from messages. */
export interface ObjectRights {
  /** Whether the caller received the message. */
  hasReceived(caller: ObjectCaller, messageId: ObjectId): Promise<boolean>;
  /** Whether the object belongs to a message that the caller received. */
  mayRead(caller: ObjectCaller, id: ObjectId): Promise<boolean>;
}

/** Limits of objects. */
export interface ObjectLimits {
  /** Largest depth of a message's object tree. Flower's are 5 deep, from message to array chunk. */
  readonly maxObjectDepth: number;
  /** Largest number of nodes of a message's tree, if a shared object counts once for each reference. */
  readonly maxTreeNodes: number;
  /** Largest number of object ids in the tree cache. */
  readonly maxCachedTreeIds: number;
}

/** Default limits of objects. */
export const DEFAULT_OBJECT_LIMITS: ObjectLimits = {
  maxObjectDepth: 16,
  maxTreeNodes: 50_000,
  maxCachedTreeIds: 20_000,
};
