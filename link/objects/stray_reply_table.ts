import type { ObjectId } from "../../entities/object.ts";

/** Object of an error reply to an instruction that the store does not have. */
export interface StrayReplyRecord {
  /** Id of the object and of the reply. */
  readonly objectId: ObjectId;
  /** Run whose ServerApp may read the object. */
  readonly runId: bigint;
  readonly bytes: Uint8Array;
  /** Unix time in seconds at which the housekeeper removes the object. */
  readonly dueAt: number;
}

/**
 * Table of objects of error replies to unknown instructions. They are stored, because the ServerApp can fetch the
 * object from another SuperLink than the one that made it, and apart from other objects, because no instruction would
 * ever release them.
 */
export interface StrayReplyTable {
  get(objectId: ObjectId): Promise<StrayReplyRecord | undefined>;
  /** Adds an object, or replaces the one with the same id. */
  put(reply: StrayReplyRecord): Promise<void>;
  /** Removes the objects that are due first until at most `most` are left. */
  keep(most: number): Promise<void>;
  /** Objects with `dueAt` ≤ `now`, earliest first. */
  due(now: number, limit: number): Promise<StrayReplyRecord[]>;
  remove(objectId: ObjectId): Promise<void>;
}
