import { utf8Length } from "../../base/characters.ts";
import type { LogEnd, LogEntry, LogTable } from "../runs/run_table.ts";
import type { Journal } from "./journal.ts";

/** Number of times of removed entries after which `times` is compacted. */
const MAX_GONE = 1024;

/** A run's log in memory. */
class RunLog {
  /** Entries by time. */
  readonly entries = new Map<number, LogEntry>();
  /** Times of entries in order, for binary search. Those before index `first` belong to removed entries. */
  times: number[] = [];
  first = 0;
  last: LogEntry | undefined;

  /** Index in `times` of the first entry after a time. */
  placeAfter(time: number): number {
    let [low, high] = [this.first, this.times.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.times[middle]! > time) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The entry at an index of `times`. */
  at(place: number): LogEntry | undefined {
    const time = this.times[place];
    return time === undefined ? undefined : this.entries.get(time);
  }
}

/** The logs of an in-memory store, by run. */
export class LogMap {
  readonly byRun = new Map<bigint, RunLog>();

  /** Total number of entries. */
  get size(): number {
    return this.byRun.values().reduce((sum, { entries }) => sum + entries.size, 0);
  }
}

/** {@link LogTable} in memory, for one transaction. */
export class MemoryLogs implements LogTable {
  readonly #map: LogMap;
  readonly #journal: Journal;

  constructor(map: LogMap, journal: Journal) {
    this.#map = map;
    this.#journal = journal;
  }

  size(runId: bigint): Promise<number> {
    const log = this.#map.byRun.get(runId);
    const first = log?.at(log.first);
    if (first === undefined) return Promise.resolve(0);
    return Promise.resolve(log!.last!.end - first.end + utf8Length(first.text));
  }

  last(runId: bigint): Promise<LogEnd | undefined> {
    const entry = this.#map.byRun.get(runId)?.last;
    return Promise.resolve(entry && { ...entry, endsLine: endsLine(entry) });
  }

  since(runId: bigint, after: number, bytes = Infinity): Promise<LogEntry[]> {
    const log = this.#map.byRun.get(runId);
    const found: LogEntry[] = [];
    if (log === undefined) return Promise.resolve(found);
    for (let place = log.placeAfter(after); place < log.times.length; place++) {
      const entry = log.at(place)!;
      if (found.length > 0 && entry.end > found[0]!.end + bytes) break;
      found.push(entry);
    }
    return Promise.resolve(found);
  }

  add(runId: bigint, entry: LogEntry): Promise<void> {
    let log = this.#map.byRun.get(runId);
    if (log === undefined) {
      log = new RunLog();
      this.#journal.set(this.#map.byRun, runId, log);
    }
    this.#remember(log);
    this.#journal.set(log.entries, entry.at, entry);
    log.times.push(entry.at);
    log.last = entry;
    return Promise.resolve();
  }

  trim(runId: bigint, end: number, begin: string): Promise<void> {
    const log = this.#map.byRun.get(runId);
    if (log === undefined) return Promise.resolve();
    const removed: LogEntry[] = [];
    let entry = log.at(log.first);
    if (entry === undefined || entry.end > end) return Promise.resolve();
    this.#remember(log);
    // `times` determines the order, so the position in the map does not matter.
    this.#journal.onRollBack(() => removed.forEach((each) => log.entries.set(each.at, each)));
    for (; entry !== undefined && entry.end <= end; entry = log.at(++log.first)) {
      log.entries.delete(entry.at);
      removed.push(entry);
    }
    // As in a database, nothing is known about a log after all its entries were removed.
    if (entry === undefined) log.last = undefined;
    const gone = removed.at(-1);
    if (gone !== undefined && !endsLine(gone) && entry !== undefined) {
      const marked = { ...entry, text: begin + entry.text };
      this.#journal.set(log.entries, entry.at, marked);
      if (log.last === entry) log.last = marked;
    }
    if (log.first > MAX_GONE && log.first > log.times.length / 2) {
      [log.times, log.first] = [log.times.slice(log.first), 0];
    }
    return Promise.resolve();
  }

  removeFirst(runId: bigint): Promise<boolean> {
    if (this.#map.byRun.has(runId)) this.#journal.delete(this.#map.byRun, runId);
    return Promise.resolve(false);
  }

  /** Registers the undo of changes to a log's fields, except for its entries. */
  #remember(log: RunLog): void {
    const { times, times: { length }, first, last } = log;
    this.#journal.onRollBack(() => {
      times.length = length;
      Object.assign(log, { times, first, last });
    });
  }
}

function endsLine({ text }: LogEntry): boolean {
  return text.endsWith("\n");
}
