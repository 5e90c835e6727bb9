import { hold, type HoldOptions } from "../transactions/hold.ts";
import type { RunContext } from "./context.ts";
import { requireRun } from "./run_records.ts";
import { isFinished } from "./run_state.ts";
import type { LogPiece } from "./runs.ts";

/** Seconds between entries made at the same time, so that each has its own: more than a double's step at such times. */
const ENTRY_STEP = 1e-6;

/** See Runs.appendLog. */
export function appendLog(
  context: RunContext,
  runId: bigint,
  lines: readonly string[],
): Promise<void> {
  const { clock, limits } = context;
  const text = latest(lines.join(""), limits.maxLogBytesPerRun);
  const length = new TextEncoder().encode(text).length;
  return context.transact("relaxed", async (tx, effects) => {
    const run = await requireRun(tx, runId);
    if (length === 0) return;
    const last = await tx.logs.last(runId) ?? { at: 0, end: 0 };
    const at = Math.max(clock.now(), last.at + ENTRY_STEP);
    const end = last.end + length;
    await tx.logs.add(runId, { at, end, text });
    await tx.logs.trim(runId, end - limits.maxLogBytesPerRun);
    if (isFinished(run.state)) {
      // What comes after its end, by a process that was slow, counts as well.
      await tx.runs.put({ ...run, logBytes: await tx.logs.size(runId) });
      context.retention.expect(effects, at);
      effects.due(at);
    }
    effects.wake(`log:${runId}`);
  });
}

/** See Runs.readLog. */
export async function readLog(
  context: RunContext,
  runId: bigint,
  after: number,
  options: HoldOptions = {},
): Promise<LogPiece> {
  const piece = await hold(
    context,
    [`log:${runId}`],
    options,
    () =>
      context.transact("relaxed", async (tx) => {
        const finished = isFinished((await requireRun(tx, runId)).state);
        const entries = await tx.logs.since(runId, after);
        const last = entries.at(-1);
        if (last === undefined && !finished) return undefined;
        return {
          text: entries.map(({ text }) => text).join(""),
          latest: last?.at ?? after,
          finished,
        };
      }),
  );
  return piece ?? { text: "", latest: after, finished: false };
}

/**
 * The end of a text that is longer than a log may be: every character takes at least a byte. It begins with a line, for
 * what is cut off a line could make its rest look like another's.
 */
function latest(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = text.slice(-most);
  return text[text.length - most - 1] === "\n" ? end : end.slice(end.indexOf("\n") + 1);
}
