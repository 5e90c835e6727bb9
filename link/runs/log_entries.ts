import { utf8Length } from "../../base/characters.ts";
import { FURTHER_LINE } from "../../base/run_log_lines.ts";
import { isFinished } from "../../entities/run.ts";
import type { RunContext, RunEffects, RunTransaction } from "./context.ts";
import { requireRun } from "./run_records.ts";
import type { LogEnd } from "./run_table.ts";

/** Seconds added to make times of entries distinct. Larger than the precision of a double at current Unix times. */
const ENTRY_STEP = 1e-6;

/** Prefix of a line whose beginning was removed. It prevents the rest from being read as another writer's line. */
export const CUT = `${FURTHER_LINE}…`;

/**
 * Adds entries to a run's log, and removes the oldest ones beyond the limit.
 *
 * @param begin see Runs.appendLog
 * @throws not-found
 */
export async function appendEntries(
  context: RunContext,
  tx: RunTransaction,
  effects: RunEffects,
  runId: bigint,
  entries: readonly string[],
  begin?: string,
): Promise<void> {
  const { clock, limits } = context;
  const run = await requireRun(tx, runId);
  if (entries.length === 0) return;
  const last = await tx.logs.last(runId);
  let { at, end } = last ?? { at: 0, end: 0 };
  for (const [place, entry] of entries.entries()) {
    const text = place === 0 ? `${beginning(last, begin)}${entry}` : entry;
    at = Math.max(clock.now(), at + ENTRY_STEP);
    end += utf8Length(text);
    await tx.logs.add(runId, { at, end, text });
  }
  await tx.logs.trim(runId, end - limits.maxLogBytesPerRun, CUT);
  if (isFinished(run.state)) {
    // A slow process can write after the run's end, which also counts towards the limit.
    await tx.runs.put({ ...run, logBytes: await tx.logs.size(runId) });
    context.retention.expect(effects, at);
    effects.due(at);
  }
  effects.wake(`log:${runId}`);
}

/** Text to insert between the end of a log and the text that is added. */
function beginning(last: LogEnd | undefined, begin: string | undefined): string {
  const atLineStart = last?.endsLine ?? true;
  if (begin === undefined) return atLineStart ? "" : "\n";
  return atLineStart ? begin : "";
}
