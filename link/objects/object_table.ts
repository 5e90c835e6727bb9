import type { LinkObject, ObjectId } from "../../entities/object.ts";

/** How an object that is there stands. */
export interface ObjectStanding {
  /** How often it is referred to. */
  readonly references: number;
  /** How many of its children are not there, or wait for children themselves; 0 when its whole tree is there. */
  readonly waits: number;
}

/** The objects of a store. Lists of ids have each id once. */
export interface ObjectTable {
  standing(id: ObjectId): Promise<ObjectStanding | undefined>;
  get(id: ObjectId): Promise<LinkObject | undefined>;
  bytes(id: ObjectId): Promise<Uint8Array | undefined>;
  /** How many bytes an object has, without reading them; undefined for one that is not there. */
  size(id: ObjectId): Promise<number | undefined>;
  /** The children of an object that is there, without reading its bytes, in their order. */
  childrenOf(id: ObjectId): Promise<ObjectId[]>;
  /** The objects that are there and have the given one as a child, whether or not that is there. */
  parentsOf(id: ObjectId): Promise<ObjectId[]>;
  /** Adds an object that is not there yet. */
  add(object: LinkObject, standing: ObjectStanding): Promise<void>;
  /** Changes how often an object is referred to. @returns how often it now is; 0 when it is not there */
  addReferences(id: ObjectId, delta: 1 | -1): Promise<number>;
  /** One less of the children of an object that is there is waited for. @returns how many still are */
  endWait(id: ObjectId): Promise<number>;
  remove(id: ObjectId): Promise<void>;
}
