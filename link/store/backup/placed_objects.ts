import { FlwrError } from "../../../base/error.ts";
import type { Location, ObjectStore } from "../../objects/object_store.ts";
import type { InsertedColumns } from "../sql/statements.ts";
import type { Side } from "./side.ts";

/** First version of SQLite's schema whose objects may be in an object store. */
const FIRST_VERSION = 15;
const PLACES: InsertedColumns = {
  table: "object",
  columns: [["location", "text"], ["size", "integer"]],
};
/** Objects that are named for each kind of fault. */
const NAMED = 10;

/** Objects that are in an object store, and not in the database. */
export interface PlacedTotal {
  readonly objects: number;
  readonly bytes: number;
}

/** Counts the objects of a database that are in an object store. */
export async function placedTotal(side: Side): Promise<PlacedTotal> {
  if (side.version < FIRST_VERSION) return { objects: 0, bytes: 0 };
  return {
    objects: await side.count("SELECT count(location) FROM object"),
    bytes: await side.count("SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM object"),
  };
}

/**
 * Reads all objects of a database that are in an object store. A SuperLink that goes on removes the bytes of
 * removed objects two minutes later, so check a large database of a running SuperLink again before you believe it.
 *
 * @returns one line for each kind of fault, with the ids of some objects, or none
 * @throws unavailable if the object store cannot be used
 */
export async function placedFaults(side: Side, store: ObjectStore): Promise<string[]> {
  const missing: Location[] = [];
  const damaged: Location[] = [];
  for await (const rows of side.rows(PLACES)) {
    for (const [location, size] of rows) {
      if (typeof location !== "string") continue;
      try {
        if (await store.get(location, Number(size)) === undefined) missing.push(location);
      } catch (error) {
        if (!(error instanceof FlwrError) || error.code !== "data-loss") throw error;
        damaged.push(location);
      }
    }
  }
  return [...line("missing in", missing), ...line("damaged in", damaged)];
}

function line(fault: string, locations: readonly Location[]): string[] {
  if (locations.length === 0) return [];
  const named = locations.slice(0, NAMED).join(", ");
  const more = locations.length > NAMED ? `, and ${locations.length - NAMED} more` : "";
  return [`${locations.length} objects ${fault} the object store: ${named}${more}`];
}
