import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { Random } from "../../base/random.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";
import type { Place, PlacedObject } from "./object_table.ts";
import { type Location, type LocationPage, newLocation, type ObjectStore } from "./object_store.ts";

// Bytes are written to the object store before the transaction that adds their object, and removed after the one that
// removes it. So an object in the database always has its bytes. What a crash leaves behind has no object in the
// database: `collect_garbage.ts` finds it.

/** Seconds within which a transaction must add an object whose bytes were stored. */
const ADD_WITHIN_SECONDS = 600;

/**
 * Seconds after which bytes without an object in the database are removed. Until then, a transaction that adds the
 * object may be under way: longer than {@link ADD_WITHIN_SECONDS}, all attempts of a transaction, and the differences
 * between clocks.
 */
export const ORPHAN_SECONDS = 3600;

/** Number of objects of one call to write or read at the same time. */
const AT_A_TIME = 4;

/** An event of the object store. */
export type ObjectStoreEvent =
  /** The object store cannot be used. Reported once a minute while the failure lasts. */
  | { readonly kind: "object-store-failed"; readonly error: FlwrError }
  /** The object store can be used again. */
  | { readonly kind: "object-store-recovered" };

/** Options of {@link LargeObjects}. */
export interface LargeObjectsOptions {
  readonly store: ObjectStore;
  /** Smallest size of an object that goes into the object store, in bytes. */
  readonly from: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: (event: ObjectStoreEvent) => void;
}

/** Writes large objects to the object store, and reads them. */
export class LargeObjects {
  readonly store: ObjectStore;
  readonly #options: LargeObjectsOptions;
  /** Reads under way, because many nodes pull the same model at the same time. */
  readonly #reads = new Map<Location, Promise<Uint8Array | undefined>>();
  #reportedAt: number | undefined;

  constructor(options: LargeObjectsOptions) {
    this.store = options.store;
    this.#options = options;
  }

  /** Whether the object belongs into the object store. */
  isLarge({ bytes }: LinkObject): boolean {
    return bytes.length >= this.#options.from;
  }

  /** Writes objects to the object store. They must then be added, or given to {@link discard}. @throws unavailable */
  async put(objects: readonly LinkObject[]): Promise<PlacedObject[]> {
    const { clock, random } = this.#options;
    const placed: PlacedObject[] = [];
    try {
      await inTurns(objects, async (object) => {
        const place = { location: newLocation(object.id, random.uint64()), storedAt: clock.now() };
        await this.#watched(this.store.put(place.location, object.bytes));
        placed.push({ ...object, place });
      });
    } catch (error) {
      await this.discard(placed);
      throw error;
    }
    return placed;
  }

  /**
   * Checks that objects may still be added. Each attempt of their transaction calls this first.
   *
   * @throws unavailable if they were written so long ago that they may be taken for what a crash left
   */
  requireFresh(objects: readonly PlacedObject[]): void {
    for (const { place } of objects) {
      if (place === undefined) continue;
      if (this.#options.clock.now() - place.storedAt <= ADD_WITHIN_SECONDS) continue;
      throw new FlwrError("unavailable", "Storing an object took too long", {
        hints: ["Try again"],
      });
    }
  }

  /** Removes the bytes of objects that were not added. */
  async discard(objects: readonly PlacedObject[]): Promise<void> {
    const locations = objects.flatMap(({ place }) => place?.location ?? []);
    // What is left is found as an orphan.
    if (locations.length > 0) await this.#watched(this.store.remove(locations)).catch(() => {});
  }

  /** Reads the bytes of objects. Missing ones are left out. The caller bounds their sum. @throws unavailable */
  async read(places: ReadonlyMap<ObjectId, Place>): Promise<Map<ObjectId, Uint8Array>> {
    const found = new Map<ObjectId, Uint8Array>();
    await inTurns([...places], async ([id, place]) => {
      const bytes = await this.#read(place);
      if (bytes !== undefined) found.set(id, bytes);
    });
    return found;
  }

  /** See ObjectStore.list. @throws unavailable */
  list(after: string): Promise<LocationPage> {
    return this.#watched(this.store.list(after));
  }

  /** Removes bytes for good. @throws unavailable */
  async remove(locations: readonly Location[]): Promise<void> {
    if (locations.length > 0) await this.#watched(this.store.remove(locations));
  }

  #read({ location, size }: Place): Promise<Uint8Array | undefined> {
    const known = this.#reads.get(location);
    if (known !== undefined) return known;
    const reading = this.#watched(this.store.get(location, size))
      .finally(() => this.#reads.delete(location));
    this.#reads.set(location, reading);
    return reading;
  }

  /** Reports failures of the store, at most once a minute, and the end of a failure. */
  async #watched<T>(work: Promise<T>): Promise<T> {
    const { clock, onEvent } = this.#options;
    try {
      const result = await work;
      if (this.#reportedAt !== undefined) {
        this.#reportedAt = undefined;
        onEvent({ kind: "object-store-recovered" });
      }
      return result;
    } catch (error) {
      const failure = FlwrError.from(error);
      if (this.#reportedAt === undefined || clock.now() - this.#reportedAt >= 60) {
        this.#reportedAt = clock.now();
        onEvent({ kind: "object-store-failed", error: failure });
      }
      throw failure;
    }
  }
}

/** Does work for each item, {@link AT_A_TIME} at the same time. After a failure, nothing more begins. */
export async function inTurns<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  let failure: { readonly error: unknown } | undefined;
  const worker = async () => {
    for (const item of left) {
      if (failure !== undefined) return;
      await work(item).catch((error) => failure ??= { error });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, items.length) }, worker));
  if (failure !== undefined) throw failure.error;
}
