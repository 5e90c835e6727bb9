import type { Location } from "./object_store.ts";

/**
 * Table of locations in the object store whose objects were removed. The table of objects adds them in the transaction
 * that removes the objects. Their bytes are removed later, because other calls may be reading them.
 */
export interface GarbageTable {
  /** Sets the time of locations that have none. @param dueAt Unix time in seconds from which to remove their bytes */
  schedule(dueAt: number): Promise<void>;
  /** Locations whose time is `now` or before, earliest first. */
  due(now: number, limit: number): Promise<Location[]>;
  /** Those of the locations that are in the table. */
  among(locations: readonly Location[]): Promise<Set<Location>>;
  removeAll(locations: readonly Location[]): Promise<void>;
}
