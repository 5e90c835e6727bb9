import type { Clock } from "../../../base/clock.ts";
import type { JournalRecord } from "../../../entities/journal.ts";
import type { Link } from "../../../link/link.ts";
import type { Changes } from "../../dashboard/model/changes.ts";

/** Seconds to wait for a record. */
const HOLD_SECONDS = 15;

/** Seconds between two reads, so that a busy journal costs little. */
const PAUSE_SECONDS = 0.25;

/** Seconds before reading again after an error. */
const RETRY_SECONDS = 2;

/** Kinds that tell only about a run, although they name a node. */
const OF_RUNS: ReadonlySet<JournalRecord["kind"]> = new Set(["node-replied", "node-contributed"]);

/** Reports what changes in a journal, until the signal is aborted. Never rejects. */
export async function followJournal(
  journal: Pick<Link["journal"], "before" | "next">,
  clock: Clock,
  onChange: (changes: Changes) => void,
  signal: AbortSignal,
): Promise<void> {
  let position: number | undefined;
  while (!signal.aborted) {
    try {
      position ??= await endOf(journal);
      const page = await journal.next(position, { holdSeconds: HOLD_SECONDS, signal });
      position = page.position;
      if (page.records.length > 0) onChange(changesOf(page.records, clock.now()));
      await clock.sleep(PAUSE_SECONDS, signal);
    } catch {
      // The store fails, which is reported elsewhere, or the SuperLink stops, and the signal follows.
      await clock.sleep(RETRY_SECONDS, signal);
    }
  }
}

async function endOf(journal: Pick<Link["journal"], "before">): Promise<number> {
  const { records: [newest] } = await journal.before(Infinity, { limit: 1 });
  return newest?.sequence ?? 0;
}

function changesOf(records: readonly JournalRecord[], now: number): Changes {
  const runs = new Set<string>();
  for (const { runId } of records) if (runId !== undefined) runs.add(String(runId));
  const nodes = records.some(({ nodeId, kind }) => nodeId !== undefined && !OF_RUNS.has(kind));
  return { runs: [...runs], nodes, now };
}
