import { FlwrError } from "../../../base/error.ts";
import type { Clock } from "../../../base/clock.ts";
import { type Random, seededRandom } from "../../../base/random.ts";
import type { Location, LocationPage, ObjectStore } from "../object_store.ts";

/** Locations on one page of a list: few, so that tests have several pages. */
const PAGE = 3;

/**
 * An object store in memory, for tests. Other work runs around each operation, as it does during one of a real store.
 * It does not check the bytes, because tests give their objects names instead of hashes.
 */
export class MemoryObjectStore implements ObjectStore {
  readonly address = "memory";
  readonly stored = new Map<Location, { readonly bytes: Uint8Array; readonly at: number }>();
  /** Whether all operations fail. */
  isAway = false;
  /** Locations that cannot be removed. A call that names one removes nothing. */
  readonly stuck = new Set<Location>();
  /** Called in the middle of each operation, where tests do something else. */
  onStep: (operation: "put" | "get" | "remove" | "list") => Promise<void> | void = () => {};
  /** Number of operations that began, and that ended. */
  begun = 0;
  ended = 0;
  readonly #clock: Clock;
  readonly #random: Random;
  #owner: string | undefined;

  constructor(clock: Clock, seed = 1) {
    this.#clock = clock;
    this.#random = seededRandom(seed);
  }

  put(location: Location, bytes: Uint8Array): Promise<void> {
    return this.#during("put", () => {
      if (this.stored.has(location)) throw new Error(`Location ${location} was used before`);
      this.stored.set(location, { bytes, at: this.#clock.now() });
    });
  }

  get(location: Location, size: number): Promise<Uint8Array | undefined> {
    return this.#during("get", () => {
      const bytes = this.stored.get(location)?.bytes;
      if (bytes !== undefined && bytes.length !== size) {
        throw new Error(`${location} has no ${size} bytes`);
      }
      return bytes;
    });
  }

  remove(locations: readonly Location[]): Promise<void> {
    return this.#during("remove", () => {
      if (locations.some((location) => this.stuck.has(location))) {
        throw new FlwrError("unavailable", "A location cannot be removed");
      }
      for (const location of locations) this.stored.delete(location);
    });
  }

  list(after: string): Promise<LocationPage> {
    return this.#during("list", () => {
      const all = [...this.stored.keys()].sort().filter((location) => location > after);
      const page = all.slice(0, PAGE);
      return {
        found: page.map((location) => ({
          location,
          age: this.#clock.now() - this.stored.get(location)!.at,
        })),
        ...(all.length > PAGE && { next: page.at(-1)! }),
      };
    });
  }

  owner(id?: string): Promise<string | undefined> {
    return Promise.resolve(this.#owner ??= id);
  }

  close(): void {}

  async #during<T>(
    operation: "put" | "get" | "remove" | "list",
    work: () => T,
  ): Promise<T> {
    this.begun++;
    try {
      await this.#turns();
      if (this.isAway) throw new FlwrError("unavailable", "The object store is away");
      await this.onStep(operation);
      const result = work();
      await this.#turns();
      return result;
    } finally {
      this.ended++;
    }
  }

  async #turns(): Promise<void> {
    for (let left = Number(this.#random.uint64() % 6n); left > 0; left--) await Promise.resolve();
  }
}
