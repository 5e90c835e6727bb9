import type { LinkObject, ObjectId } from "../../entities/object.ts";

/** Counters of a stored object. */
export interface ObjectCounters {
  /** Number of messages and stored objects that refer to the object. */
  readonly references: number;
  /** Number of children that are missing or incomplete; 0 if the whole tree is stored. */
  readonly waits: number;
}

/** Table of objects. Lists of ids contain each id once. */
export interface ObjectTable {
  counters(id: ObjectId): Promise<ObjectCounters | undefined>;
  get(id: ObjectId): Promise<LinkObject | undefined>;
  bytes(id: ObjectId): Promise<Uint8Array | undefined>;
  /** Size of an object in bytes, without reading it. */
  size(id: ObjectId): Promise<number | undefined>;
  /** Ids of an object's children, in order, without reading the object. */
  childrenOf(id: ObjectId): Promise<ObjectId[]>;
  /** Ids of stored objects that refer to this id. The object itself need not exist. */
  parentsOf(id: ObjectId): Promise<ObjectId[]>;
  /** Adds an object. It must not exist. */
  add(object: LinkObject, counters: ObjectCounters): Promise<void>;
  /** Changes the reference count of an object. @returns the new count; 0 if the object does not exist */
  addReferences(id: ObjectId, delta: 1 | -1): Promise<number>;
  /** Decrements the number of missing or incomplete children. @returns the new number */
  endWait(id: ObjectId): Promise<number>;
  remove(id: ObjectId): Promise<void>;
}
