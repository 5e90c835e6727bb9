import type { AppEvent, JournalFilter, JournalPage } from "../../entities/journal.ts";
import type { LongPollOptions } from "../transactions/long_poll.ts";

/** Options of a read. */
export interface JournalReadOptions extends JournalFilter {
  /** Largest number of records; default and at most limits.journalPage. */
  readonly limit?: number;
}

/**
 * The journal of a SuperLink: what happened to its nodes and runs, as records in the order of their commits. The oldest
 * are removed beyond the limits, and those of a run with the run.
 *
 * A read examines at most limits.journalPage records. A page may be empty although there are more: those that were
 * examined did not match the filter.
 */
export interface Journal {
  /** The records after a sequence, oldest first. @param after 0: from the oldest on */
  since(after: number, options?: JournalReadOptions): Promise<JournalPage>;
  /** The records before a sequence, newest first. @param before Infinity: from the newest on */
  before(before: number, options?: JournalReadOptions): Promise<JournalPage>;
  /**
   * Like `since`, but waits for a record. After one came, it waits a moment for others. The page is empty if the time
   * is up, or if none of the new records match.
   *
   * @throws unavailable if the SuperLink is about to stop
   */
  next(after: number, options?: JournalReadOptions & LongPollOptions): Promise<JournalPage>;
  /**
   * Adds events of a run's ServerApp: all of them or none.
   *
   * @throws not-found; invalid-argument if an event's data are not those of its kind, or too large;
   *   failed-precondition if the run has finished
   */
  add(runId: bigint, events: readonly AppEvent[]): Promise<void>;
}
