import type { LinkObject, ObjectId } from "../../entities/object.ts";

/** Counters of a stored object. */
export interface ObjectCounters {
  /** Number of messages and stored objects that refer to the object. */
  readonly references: number;
  /** Number of children that are missing or incomplete; 0 if the whole tree is stored. */
  readonly waits: number;
}

/** A new object. */
export interface NewObject {
  readonly object: LinkObject;
  readonly counters: ObjectCounters;
}

/**
 * Table of objects. Lists of ids contain each id once. Operations on lists take one statement for the whole list, so
 * prefer them: with a database server, each statement waits for the network.
 */
export interface ObjectTable {
  /** The counters of those objects that exist. */
  standings(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectCounters>>;
  /** Sizes of those objects that exist, in bytes, without reading them. */
  sizes(ids: readonly ObjectId[]): Promise<Map<ObjectId, number>>;
  /** The bytes of those objects that exist. The caller bounds their sum. */
  bytesOf(ids: readonly ObjectId[]): Promise<Map<ObjectId, Uint8Array>>;
  /** For each stored object below a root, and the root itself, the ids of its children in order. */
  tree(root: ObjectId): Promise<Map<ObjectId, ObjectId[]>>;
  /** Ids of the children of each object, in order. Objects without children are missing. */
  childrenOfAll(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectId[]>>;
  /** Ids of stored objects that refer to each id. Ids without any are missing. */
  parentsOfAll(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectId[]>>;
  /** Adds objects. None of them may exist. */
  addAll(objects: readonly NewObject[]): Promise<void>;
  /** Changes reference counts of objects that exist. @returns ids of those whose count is now 0 */
  addReferencesAll(deltas: ReadonlyMap<ObjectId, number>): Promise<ObjectId[]>;
  /** Decrements the numbers of missing or incomplete children by these amounts. */
  endWaits(amounts: ReadonlyMap<ObjectId, number>): Promise<void>;
  removeAll(ids: readonly ObjectId[]): Promise<void>;
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
  addReferences(id: ObjectId, delta: number): Promise<number>;
  remove(id: ObjectId): Promise<void>;
}
