import { isWithinCharacter } from "../../base/characters.ts";
import { FURTHER_LINE } from "../../base/run_log_lines.ts";
import { nextTurn } from "../../base/turn.ts";
import { longPoll } from "../transactions/long_poll.ts";
import type { RunContext } from "./context.ts";
import { appendEntries, CUT } from "./log_entries.ts";
import { requireRun } from "./run_records.ts";
import { isFinished, type LogPiece } from "../../entities/run.ts";
import type { LogReadOptions } from "./runs.ts";

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
    await context.transact(
      "relaxed",
      (tx, effects) => appendEntries(context, tx, effects, runId, together, first),
    );
    // Another writer may add lines in between; then this text must not continue that writer's line.
    first = together.at(-1)?.endsWith("\n") ? undefined : FURTHER_LINE;
  }
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
    "refuse",
    () =>
      context.transact("read-only", async (tx) => {
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
