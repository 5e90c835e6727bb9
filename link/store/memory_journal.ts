import type { JournalRecord } from "../../entities/journal.ts";
import type { AddedRecord, JournalTable, RunRecords } from "../journal/journal_table.ts";
import type { Journal } from "./journal.ts";

/** A record in memory. */
type Kept = JournalRecord & Pick<AddedRecord, "isDetail"> & {
  /** Of its data as JSON, in UTF-16 code units. */
  readonly size: number;
};

/** The journal of an in-memory store, in ascending order of sequence. A removal replaces the list. */
export class JournalList {
  records: Kept[] = [];
}

/** {@link JournalTable} in memory, for one transaction. */
export class MemoryJournal implements JournalTable {
  readonly #list: JournalList;
  readonly #undo: Journal;

  constructor(list: JournalList, undo: Journal) {
    this.#list = list;
    this.#undo = undo;
  }

  add(records: readonly AddedRecord[], from: number): Promise<void> {
    const { records: kept } = this.#list;
    const { length } = kept;
    this.#undo.onRollBack(() => {
      kept.length = length;
    });
    const first = Math.max(from, (kept.at(-1)?.sequence ?? 0) + 1);
    for (const [place, record] of records.entries()) {
      const size = JSON.stringify(record.data).length;
      kept.push({ ...record, sequence: first + place, size });
    }
    return Promise.resolve();
  }

  since(after: number, limit: number, runId?: bigint): Promise<JournalRecord[]> {
    const { records } = this.#list;
    const found: JournalRecord[] = [];
    for (let place = placeAfter(records, after); place < records.length; place++) {
      if (found.length === limit) break;
      const record = records[place]!;
      if (runId === undefined || record.runId === runId) found.push(shown(record));
    }
    return Promise.resolve(found);
  }

  before(before: number, limit: number, runId?: bigint): Promise<JournalRecord[]> {
    const { records } = this.#list;
    const found: JournalRecord[] = [];
    for (let place = placeAfter(records, before - 1) - 1; place >= 0; place--) {
      if (found.length === limit) break;
      const record = records[place]!;
      if (runId === undefined || record.runId === runId) found.push(shown(record));
    }
    return Promise.resolve(found);
  }

  counts(): Promise<RunRecords[]> {
    const byRun = Map.groupBy(this.#list.records, ({ runId }) => runId);
    return Promise.resolve(Array.from(byRun, ([runId, records]) => {
      const details = records.filter(({ isDetail }) => isDetail).length;
      const others = records.length - details;
      return { ...(runId !== undefined && { runId }), details, others };
    }));
  }

  bytes(runId: bigint): Promise<number> {
    const ofRun = this.#list.records.filter((record) => record.runId === runId);
    return Promise.resolve(ofRun.reduce((sum, { size }) => sum + size, 0));
  }

  removeOldest(
    of: { readonly runId?: bigint; readonly isDetail: boolean },
    limit: number,
  ): Promise<number> {
    return this.#remove(
      ({ runId, isDetail }) => runId === of.runId && isDetail === of.isDetail,
      limit,
    );
  }

  removeFirst(limit: number): Promise<number> {
    return this.#remove(() => true, limit);
  }

  removeRun(runId: bigint, limit: number): Promise<number> {
    return this.#remove((record) => record.runId === runId, limit);
  }

  #remove(isUnwanted: (record: Kept) => boolean, limit: number): Promise<number> {
    const { records: before } = this.#list;
    let removed = 0;
    const left = before.filter((record) => {
      if (removed === limit || !isUnwanted(record)) return true;
      removed++;
      return false;
    });
    if (removed > 0) {
      this.#undo.onRollBack(() => {
        this.#list.records = before;
      });
      this.#list.records = left;
    }
    return Promise.resolve(removed);
  }
}

/** The place of the first record after a sequence. */
function placeAfter(records: readonly Kept[], sequence: number): number {
  let [low, high] = [0, records.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (records[middle]!.sequence > sequence) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The record as readers see it; `at` and the rest never change. */
function shown({ isDetail: _, size: __, ...record }: Kept): JournalRecord {
  return record as JournalRecord;
}
