import { isWithinCharacter, utf8Length } from "../../base/characters.ts";
import { FURTHER_LINE } from "../../base/run_log_lines.ts";
import { nextTurn } from "../../base/turn.ts";
import { longPoll } from "../transactions/long_poll.ts";
import type { RunContext } from "./context.ts";
import { requireRun } from "./run_records.ts";
import { isFinished, type LogPiece } from "../../entities/run.ts";
import type { LogEnd } from "./run_table.ts";
import type { LogReadOptions } from "./runs.ts";

/** Seconds added to make times of entries distinct. Larger than the precision of a double at current Unix times. */
const ENTRY_STEP = 1e-6;

/** Prefix of a line whose beginning was removed. It prevents the rest from being read as another writer's line. */
const CUT = `${FURTHER_LINE}…`;

/** Entries to add in one transaction, during which no other call is answered. */
const ENTRIES_AT_A_TIME = 16;

/** See Runs.appendLog. */
export async function appendLog(
  context: RunContext,
  runId: bigint,
  lines: readonly string[],
  begin?: string,
): Promise<void> {
  const { maxLogBytesPerRun, maxLogEntryLength } = context.limits;
  const entries = divide(latest(lines.join(""), maxLogBytesPerRun), maxLogEntryLength);
  let first = begin;
  for (let at = 0; at === 0 || at < entries.length; at += ENTRIES_AT_A_TIME) {
    if (at > 0) await nextTurn();
    const together = entries.slice(at, at + ENTRIES_AT_A_TIME);
    await append(context, runId, together, first);
    // Another writer may add lines in between; then this text must not continue that writer's line.
    first = together.at(-1)?.endsWith("\n") ? undefined : FURTHER_LINE;
  }
}

function append(
  context: RunContext,
  runId: bigint,
  entries: readonly string[],
  begin: string | undefined,
): Promise<void> {
  const { clock, limits } = context;
  return context.transact("relaxed", async (tx, effects) => {
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
      // A slow process can write after the run's end; that counts towards the limit, too.
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
  { bytes, ...options }: LogReadOptions = {},
): Promise<LogPiece> {
  const piece = await longPoll(
    context,
    [`log:${runId}`],
    options,
    () =>
      context.transact("relaxed", async (tx) => {
        const finished = isFinished((await requireRun(tx, runId)).state);
        const entries = await tx.logs.since(runId, after, bytes);
        const last = entries.at(-1);
        if (last === undefined && !finished) return undefined;
        const end = await tx.logs.last(runId);
        const more = last !== undefined && end!.at > last.at;
        return {
          text: entries.map(({ text }) => text).join(""),
          latest: last?.at ?? after,
          more,
          endsLine: last?.text.endsWith("\n") ?? end?.endsLine ?? true,
          finished: finished && !more,
        };
      }),
  );
  return piece ?? { text: "", latest: after, more: false, endsLine: true, finished: false };
}

/** Text to insert between the end of a log and the text that is added. */
function beginning(last: LogEnd | undefined, begin: string | undefined): string {
  const atLineStart = last?.endsLine ?? true;
  if (begin === undefined) return atLineStart ? "" : "\n";
  return atLineStart ? begin : "";
}

/**
 * The last `most` characters of a text; each has at least one byte. The result begins at the start of a line. If that
 * is not possible, it begins with {@link CUT}, because the rest of a line could look like another writer's line.
 */
function latest(text: string, most: number): string {
  if (text.length <= most) return text;
  const start = text.length - most;
  const end = text.slice(isWithinCharacter(text, start) ? start + 1 : start);
  if (text[start - 1] === "\n") return end;
  const line = end.indexOf("\n") + 1;
  return line > 0 && line < end.length ? end.slice(line) : CUT + end;
}

/** Divides a text into parts of at most `most` code units, at ends of lines where possible. */
function divide(text: string, most: number): string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = endOfPart(text, start, most);
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}

function endOfPart(text: string, start: number, most: number): number {
  const end = start + most;
  if (end >= text.length) return text.length;
  const line = text.lastIndexOf("\n", end - 1) + 1;
  if (line > start) return line;
  return isWithinCharacter(text, end) && most > 1 ? end - 1 : end;
}
