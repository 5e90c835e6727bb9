import type { GarbageTable } from "../objects/garbage_table.ts";
import type { Location } from "../objects/object_store.ts";
import type { Journal } from "./journal.ts";

/** Locations in the object store whose objects were removed, with the times at which their bytes may be removed. */
export type GarbageMap = Map<Location, number | undefined>;

/** {@link GarbageTable} in memory, for one transaction. */
export class MemoryGarbage implements GarbageTable {
  readonly #dueAt: GarbageMap;
  readonly #journal: Journal;

  constructor(dueAt: GarbageMap, journal: Journal) {
    this.#dueAt = dueAt;
    this.#journal = journal;
  }

  schedule(dueAt: number): Promise<void> {
    for (const [location, time] of [...this.#dueAt]) {
      if (time === undefined) this.#journal.set(this.#dueAt, location, dueAt);
    }
    return Promise.resolve();
  }

  due(now: number, limit: number): Promise<Location[]> {
    const due = [...this.#dueAt].flatMap(([location, at]) =>
      at !== undefined && at <= now ? [{ location, at }] : []
    );
    due.sort((a, b) => a.at - b.at);
    return Promise.resolve(due.slice(0, limit).map(({ location }) => location));
  }

  among(locations: readonly Location[]): Promise<Set<Location>> {
    return Promise.resolve(new Set(locations.filter((location) => this.#dueAt.has(location))));
  }

  removeAll(locations: readonly Location[]): Promise<void> {
    for (const location of locations) this.#journal.delete(this.#dueAt, location);
    return Promise.resolve();
  }
}
