import type { JournalContext } from "./context.ts";
import type { RunRecords } from "./journal_table.ts";

/** Share of the limit of a run's details that must be added before this SuperLink looks again. */
const WORTH_A_LOOK = 20;

/** Bytes that a ServerApp must report before the size of its run's records is looked at. */
const HEAVY_BYTES = 1024 * 1024;

/** Looks at one run: each removes as many of its oldest records as would suffice if all had the same size. */
const MAX_LOOKS = 10;

/**
 * Background task that removes the oldest records beyond the limits, a batch at a time. SuperLinks that share a store
 * all do it, each after it has added enough.
 */
export async function trimUntilClosed(context: JournalContext): Promise<void> {
  const { added, clock, closing, limits } = context;
  for (;;) {
    await clock.sleep(limits.journalTrimSeconds, closing);
    if (closing.aborted) return;
    const heavy = added.runsFrom(Math.min(HEAVY_BYTES, limits.maxJournalBytesPerRun));
    const isMany = added.count >= limits.maxJournalDetailsPerRun / WORTH_A_LOOK;
    if (!isMany && heavy.length === 0) continue;
    added.reset();
    // The store has reported a failure. What was not removed is found the next time.
    await trim(context, heavy).catch(() => {});
  }
}

/** Removes the oldest records beyond the limits. @param heavy runs whose records may be too large together */
export async function trim(context: JournalContext, heavy: readonly bigint[] = []): Promise<void> {
  const { limits, transact } = context;
  // Outside of the transactions that write, because a store with a server counts beside them.
  const counts = await transact("read-only", (tx) => tx.journal.counts());
  let total = 0;
  for (const { runId, details, others } of counts) {
    const most = mostOf(context, runId);
    total += Math.min(details, most.details) + Math.min(others, most.others);
    const of = runId === undefined ? {} : { runId };
    for (
      const [isDetail, excess] of [[true, details - most.details], [
        false,
        others - most.others,
      ]] as const
    ) {
      await inBatches(context, excess, (tx, size) => tx.removeOldest({ ...of, isDetail }, size));
    }
  }
  for (const runId of heavy) await trimBytes(context, runId);
  await inBatches(context, total - limits.maxJournalRecords, (tx, size) => tx.removeFirst(size));
}

/** Removes the oldest records of a run until its others are small enough: first details. */
async function trimBytes(context: JournalContext, runId: bigint): Promise<void> {
  const { limits: { maxJournalBytesPerRun: most }, transact } = context;
  for (let look = 0; look < MAX_LOOKS; look++) {
    const [bytes, counts] = await transact(
      "read-only",
      async (tx) => [await tx.journal.bytes(runId), await tx.journal.counts()] as const,
    );
    const count = counts.find((run) => run.runId === runId);
    if (bytes <= most || count === undefined) return;
    const isDetail = count.details > 0;
    const excess = Math.ceil((isDetail ? count.details : count.others) * (1 - most / bytes));
    await inBatches(
      context,
      excess,
      (journal, size) => journal.removeOldest({ runId, isDetail }, size),
    );
  }
}

/** Removes this number of records, each batch in a transaction. */
async function inBatches(
  { limits, transact, closing }: JournalContext,
  count: number,
  remove: (
    journal: Parameters<Parameters<JournalContext["transact"]>[1]>[0]["journal"],
    size: number,
  ) => Promise<number>,
): Promise<void> {
  for (let left = count; left > 0 && !closing.aborted;) {
    const size = Math.min(left, limits.journalBatch);
    const removed = await transact("relaxed", (tx) => remove(tx.journal, size));
    // Another SuperLink may have removed them.
    if (removed === 0) return;
    left -= removed;
  }
}

function mostOf({ limits }: JournalContext, runId: bigint | undefined): Omit<RunRecords, "runId"> {
  return runId === undefined
    ? { details: limits.maxJournalRecordsOfNodes, others: limits.maxJournalRecordsOfNodes }
    : { details: limits.maxJournalDetailsPerRun, others: limits.maxJournalRecordsPerRun };
}
