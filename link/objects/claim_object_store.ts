import { FlwrError } from "../../base/error.ts";
import type { Random } from "../../base/random.ts";
import type { ObjectStore } from "./object_store.ts";

/** The database, as far as it concerns its object store. */
export interface ObjectStoreUser {
  /** Number of objects of the database that are in the object store. */
  readonly placed: number;
  readonly settings: { readOrWrite(name: string, text: string): Promise<string> };
}

/** Name of the setting with the id of the database, which its object store has, too. */
const SETTING = "object-store-owner";

/**
 * Checks that an object store belongs to the database, and takes a new one for it: bytes that the database does not know
 * are removed, so two databases must not share a store.
 *
 * @throws failed-precondition if it belongs to another database, or if the database's objects are in another store
 */
export async function claimObjectStore(
  { placed, settings }: ObjectStoreUser,
  objectStore: ObjectStore | undefined,
  random: Random,
): Promise<void> {
  if (objectStore === undefined) {
    if (placed === 0) return;
    throw new FlwrError(
      "failed-precondition",
      `${placed} of the database's objects are in an object store`,
      { hints: ["Start with the same --object-store as before"] },
    );
  }
  const { address } = objectStore;
  const id = await settings.readOrWrite(SETTING, random.uuid());
  const owner = await objectStore.owner(placed === 0 ? id : undefined);
  if (owner === id) return;
  if (owner !== undefined) {
    throw new FlwrError(
      "failed-precondition",
      `--object-store: "${address}" belongs to another database`,
      {
        hints: ["Name a folder, or a bucket and prefix, that no other SuperLink's database uses"],
      },
    );
  }
  throw new FlwrError(
    "failed-precondition",
    `--object-store: "${address}" is empty, and ${placed} objects of the database are in another one`,
    { hints: ["Start with the same --object-store as before", "Or restore its backup first"] },
  );
}
