import type { ObjectId } from "../../entities/object.ts";

/**
 * Place outside of the database for the bytes of large objects, which all SuperLinks of a database reach.
 *
 * Bytes never change. Each time that an object is stored, it gets a new {@link newLocation location}. So the removal
 * of an object that no message needs cannot meet the same object when it is stored again, wherever that happens.
 *
 * All operations end in bounded time. They throw "unavailable" if the store cannot be reached.
 */
export interface ObjectStore {
  /** What the user named it, without secrets, for messages. */
  readonly address: string;
  /**
   * Stores the bytes of an object. When it resolves, they survive a power failure. Until then, they cannot be read.
   *
   * @throws data-loss if the bytes are not those of the location's object
   */
  put(location: Location, bytes: Uint8Array): Promise<void>;
  /**
   * The bytes at a location; undefined if there are none.
   *
   * @param size number of bytes
   * @throws data-loss if they are damaged
   */
  get(location: Location, size: number): Promise<Uint8Array | undefined>;
  /** Removes the bytes at locations, which need not exist. */
  remove(locations: readonly Location[]): Promise<void>;
  /**
   * Some of the locations, in any fixed order.
   *
   * @param after `next` of the preceding page; "" for the first one
   */
  list(after: string): Promise<LocationPage>;
  /**
   * The id of the database that the store belongs to.
   *
   * @param id written if the store belongs to none; undefined: nothing is written
   */
  owner(id?: string): Promise<string | undefined>;
  /** Ends all operations, which then reject with "unavailable". */
  close(): void;
}

/** Where the bytes of an object are stored: the id of the object, a dot, and 16 hexadecimal digits. */
export type Location = string;

/** A page of a list of locations. */
export interface LocationPage {
  readonly found: readonly FoundLocation[];
  /** Where the next page begins; undefined after the last one. */
  readonly next?: string;
}

/** A location in a store. */
export interface FoundLocation {
  readonly location: Location;
  /** Seconds since it was stored, by the clock of the store. */
  readonly age: number;
}

/** A new location for an object. @param random 64 random bits */
export function newLocation(id: ObjectId, random: bigint): Location {
  return `${id}.${random.toString(16).padStart(16, "0")}`;
}

/** The object that is stored at a location. */
export function objectAt(location: Location): ObjectId {
  return location.slice(0, location.lastIndexOf("."));
}

/** A location of a real object, whose id is a SHA-256. Stores ignore everything else that they find. */
export const LOCATION = /^[0-9a-f]{64}\.[0-9a-f]{16}$/;
