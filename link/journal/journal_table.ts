import type { JournalRecord, NewJournalRecord } from "../../entities/journal.ts";

/** A record as it is added. */
export type AddedRecord = NewJournalRecord & {
  /** Unix time in seconds. */
  readonly at: number;
  /** Whether it is one of many of its kind in a round, and so is removed sooner. */
  readonly isDetail: boolean;
};

/** How many records a run has. */
export interface RunRecords {
  /** Undefined: the records without a run. */
  readonly runId?: bigint;
  readonly details: number;
  /** Those that are not details. */
  readonly others: number;
}

/** Table of the journal. */
export interface JournalTable {
  /**
   * Adds records, in this order.
   *
   * @param from smallest sequence for the first one. It gets a larger one if the table has that already
   */
  add(records: readonly AddedRecord[], from: number): Promise<void>;
  /** Records after a sequence in ascending order. @param runId only those of this run */
  since(after: number, limit: number, runId?: bigint): Promise<JournalRecord[]>;
  /** Records before a sequence in descending order. @param runId only those of this run */
  before(before: number, limit: number, runId?: bigint): Promise<JournalRecord[]>;
  /** How many records there are, for each run. */
  counts(): Promise<RunRecords[]>;
  /** Bytes of the data of a run's records. This reads them all. */
  bytes(runId: bigint): Promise<number>;
  /**
   * Removes the oldest records of a run, details or others.
   *
   * @returns the number of removed records
   */
  removeOldest(
    of: { readonly runId?: bigint; readonly isDetail: boolean },
    limit: number,
  ): Promise<number>;
  /** Removes the oldest records. @returns the number of removed records */
  removeFirst(limit: number): Promise<number>;
  /** Removes records of a run. @returns the number of removed records, which is less than the limit at the end */
  removeRun(runId: bigint, limit: number): Promise<number>;
}
