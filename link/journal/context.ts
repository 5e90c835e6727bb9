import type { LongPollContext } from "../transactions/long_poll.ts";
import type { Effects, Transacts } from "../transactions/transactions.ts";
import type { RunTable } from "../runs/run_table.ts";
import type { AddedSince } from "./added_since.ts";
import type { JournalTable } from "./journal_table.ts";

/** State and services that operations on the journal use. */
export interface JournalContext extends Transacts<JournalTransaction, never>, LongPollContext {
  readonly limits: JournalLimits & LongPollContext["limits"];
  /** Counts the records that this SuperLink has added since it last looked for too many. */
  readonly added: AddedSince;
}

/** Tables that a transaction on the journal reads and writes. */
export interface JournalTransaction {
  readonly journal: JournalTable;
  readonly runs: RunTable;
}

export type JournalEffects = Effects<never>;

/** Limits of the journal. */
export interface JournalLimits {
  /** Largest number of details of a run: a few rounds of many nodes, or all rounds of a few. */
  readonly maxJournalDetailsPerRun: number;
  /** Largest number of other records of a run, such as those of its rounds. */
  readonly maxJournalRecordsPerRun: number;
  /** Largest size of a run's records in bytes, because apps choose that of theirs. */
  readonly maxJournalBytesPerRun: number;
  /** Largest number of records without a run. Strangers can cause some: nodes that join. */
  readonly maxJournalRecordsOfNodes: number;
  /** Largest number of records. At about 250 bytes each, the default takes 50 MB. */
  readonly maxJournalRecords: number;
  /** Number of records that one call examines. */
  readonly journalPage: number;
  /** Number of records that one transaction removes. */
  readonly journalBatch: number;
  /** Seconds between two times that records beyond the limits are removed. */
  readonly journalTrimSeconds: number;
}

/** Default limits of the journal. */
export const DEFAULT_JOURNAL_LIMITS: JournalLimits = {
  maxJournalDetailsPerRun: 20_000,
  maxJournalRecordsPerRun: 10_000,
  maxJournalBytesPerRun: 16 * 1024 * 1024,
  maxJournalRecordsOfNodes: 20_000,
  maxJournalRecords: 200_000,
  journalPage: 2000,
  journalBatch: 1000,
  journalTrimSeconds: 60,
};
