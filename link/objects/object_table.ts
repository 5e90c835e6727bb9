import type { LinkObject, ObjectId } from "../../entities/object.ts";
import type { Location } from "./object_store.ts";

/** Counters of a stored object. */
export interface ObjectCounters {
  /** Number of messages and stored objects that refer to the object. */
  readonly references: number;
  /** Number of children that are missing or incomplete; 0 if the whole tree is stored. */
  readonly waits: number;
}

/** An object whose bytes may be in the object store already. */
export interface PlacedObject extends LinkObject {
  /** Where its bytes are; undefined: they go into the database. */
  readonly place?: NewPlace;
}

/** Where the bytes of a new object were stored. */
export interface NewPlace {
  readonly location: Location;
  /** Unix time in seconds at which that began. */
  readonly storedAt: number;
}

/** Where the bytes of a stored object are, if they are in the object store. */
export interface Place {
  readonly location: Location;
  /** Number of bytes. */
  readonly size: number;
}

/** A new object. */
export interface NewObject {
  readonly object: PlacedObject;
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
  /** The bytes of those objects that are in the database. The caller bounds their sum. */
  bytesOf(ids: readonly ObjectId[]): Promise<Map<ObjectId, Uint8Array>>;
  /** The places of those objects that are in the object store. */
  places(ids: readonly ObjectId[]): Promise<Map<ObjectId, Place>>;
  /** Number of objects in the object store, and the sum of their bytes. */
  placed(): Promise<{ readonly objects: number; readonly bytes: number }>;
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
  /** Removes objects. The locations of those in the object store become garbage. */
  removeAll(ids: readonly ObjectId[]): Promise<void>;
  counters(id: ObjectId): Promise<ObjectCounters | undefined>;
  get(id: ObjectId): Promise<LinkObject | undefined>;
  /** The bytes of an object in the database. */
  bytes(id: ObjectId): Promise<Uint8Array | undefined>;
  /** Size of an object in bytes, without reading it. */
  size(id: ObjectId): Promise<number | undefined>;
  /** Ids of an object's children, in order, without reading the object. */
  childrenOf(id: ObjectId): Promise<ObjectId[]>;
  /** Ids of stored objects that refer to this id. The object itself need not exist. */
  parentsOf(id: ObjectId): Promise<ObjectId[]>;
  /** Adds an object. It must not exist. */
  add(object: PlacedObject, counters: ObjectCounters): Promise<void>;
  /** Changes the reference count of an object. @returns the new count; 0 if the object does not exist */
  addReferences(id: ObjectId, delta: number): Promise<number>;
}
