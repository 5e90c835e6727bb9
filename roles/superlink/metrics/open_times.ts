import { RecentMap } from "../../../base/recent_map.ts";

/** Entries, at most: more runs or instructions than that are rarely open. Of older ones, no duration is measured. */
const MAX_OPEN = 20_000;

/** When something began that has not ended, by its id. Bounded: the oldest entries are dropped. */
export class OpenTimes<Id> {
  readonly #times = new RecentMap<Id, number>(MAX_OPEN);

  /** @param at Unix time in seconds */
  set(id: Id, at: number): void {
    this.#times.set(id, at);
  }

  has(id: Id): boolean {
    return this.#times.peek(id) !== undefined;
  }

  /** Removes and returns the time of an id; undefined if it has none. */
  take(id: Id): number | undefined {
    const at = this.#times.peek(id);
    if (at !== undefined) this.#times.delete(id);
    return at;
  }
}
