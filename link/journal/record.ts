import type { JournalKind, NewJournalRecord } from "../../entities/journal.ts";
import type { JournalContext, JournalEffects, JournalTransaction } from "./context.ts";

/** Kinds with many records in a round, which are removed sooner than others. */
const DETAILS: ReadonlySet<JournalKind> = new Set([
  "instructions-pushed",
  "instruction-answered",
  "instruction-failed",
  "instruction-requeued",
  "instruction-refused",
  "push-expired",
  "node-replied",
  "app-event",
]);

/** Sequences in a second of Unix time. */
const PER_SECOND = 1e6;

/** Adds records to the journal, in this order, and wakes its readers. */
export async function record(
  { added, clock }: Pick<JournalContext, "added" | "clock">,
  tx: Pick<JournalTransaction, "journal">,
  effects: JournalEffects,
  records: readonly NewJournalRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const at = clock.now();
  // The time, so that no sequence is given again after the database's machine has lost its last transactions.
  await tx.journal.add(
    records.map((record) => ({ ...record, at, isDetail: isDetail(record.kind) })),
    Math.floor(at * PER_SECOND),
  );
  added.add(effects, records.length);
  effects.wake("journal");
  // Readers of one run are not woken for the others: there may be many, and each wake-up costs a read.
  for (const runId of new Set(records.map(({ runId }) => runId))) {
    if (runId !== undefined) effects.wake(`journal:${runId}`);
  }
}

/** Whether records of a kind are removed sooner than others. */
function isDetail(kind: JournalKind): boolean {
  return DETAILS.has(kind);
}
