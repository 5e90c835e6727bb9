import type { JournalFilter, JournalPage, JournalRecord } from "../../entities/journal.ts";
import { longPoll, type LongPollOptions } from "../transactions/long_poll.ts";
import type { JournalContext } from "./context.ts";
import type { JournalReadOptions } from "./journal.ts";

/** Seconds that a woken reader waits for further records, because they come in bursts. */
const GATHER_SECONDS = 0.1;

/** See Journal.since. */
export function since(
  context: JournalContext,
  after: number,
  options: JournalReadOptions = {},
): Promise<JournalPage> {
  const most = pageSize(context, options);
  // A caller may send a number that no database has.
  const start = Math.min(after, Number.MAX_SAFE_INTEGER);
  return context.transact("read-only", async (tx) => {
    // One more, which shows that there are more.
    const found = await tx.journal.since(start, most + 1, options.runId);
    return pageOf(found, most, after, options);
  });
}

/** See Journal.before. */
export function before(
  context: JournalContext,
  before: number,
  options: JournalReadOptions = {},
): Promise<JournalPage> {
  const most = pageSize(context, options);
  // A database's integers have no infinity.
  const end = Math.min(before, Number.MAX_SAFE_INTEGER);
  return context.transact("read-only", async (tx) => {
    const found = await tx.journal.before(end, most + 1, options.runId);
    return pageOf(found, most, end, options);
  });
}

/** See Journal.next. */
export async function next(
  context: JournalContext,
  after: number,
  options: JournalReadOptions & LongPollOptions = {},
): Promise<JournalPage> {
  const { clock, closing } = context;
  const topic = options.runId === undefined ? "journal" : `journal:${options.runId}` as const;
  let isFirst = true;
  const found = await longPoll(context, [topic], options, "refuse", async () => {
    if (!isFirst && !options.signal?.aborted) await clock.sleep(GATHER_SECONDS, closing);
    isFirst = false;
    const page = await since(context, after, options);
    return page.position === after ? undefined : page;
  });
  return found ?? { records: [], position: after, more: false };
}

function pageSize({ limits: { journalPage } }: JournalContext, options: JournalReadOptions) {
  // `|| 1` also turns NaN into a number.
  return Math.max(1, Math.min(Math.floor(options.limit ?? journalPage) || 1, journalPage));
}

/** @param found at most one record more than the page may have */
function pageOf(
  found: readonly JournalRecord[],
  most: number,
  start: number,
  filter: JournalFilter,
): JournalPage {
  const examined = found.slice(0, most);
  return {
    records: examined.filter((record) => matches(record, filter)),
    position: examined.at(-1)?.sequence ?? start,
    more: found.length > most,
  };
}

function matches({ kind, nodeId }: JournalRecord, filter: JournalFilter): boolean {
  return (filter.nodeId === undefined || filter.nodeId === nodeId) &&
    (filter.kinds === undefined || filter.kinds.includes(kind));
}
