import { isWithinCharacter } from "../../../../base/characters.ts";
import { FURTHER_LINE, lineBeginning, withFurtherLines } from "../../../../base/run_log_lines.ts";
import { nextTurn } from "../../../../base/turn.ts";

/** Maximum characters that one push adds to a ServerApp's log, where each line counts 25 more for its prefix. */
export const MAX_STAMPED_LOG_CHARS: number = 8 * 1024 * 1024;

/** Characters of a log that are processed and stored before the event loop gets a turn: a few milliseconds. */
export const LOG_CHARS_PER_TURN: number = 128 * 1024;

/** Text to append to a run's log. */
export interface StampedLog {
  /** Prefix to insert if the log does not end within a line; undefined if the text begins a new line anyway. */
  readonly begin: string | undefined;
  readonly text: string;
}

/**
 * Converts the output that a ServerApp's process pushes to lines of a run's log. Python's processes push the output
 * of each write call, with its line ends. Yields parts, and lets the event loop run in between.
 *
 * @param pieces output of each write call, oldest first; only the last {@link MAX_STAMPED_LOG_CHARS} are used
 * @param time the current time, as `Date.toISOString` formats it
 */
export async function* stampedLog(
  pieces: readonly string[],
  time: string,
): AsyncGenerator<StampedLog, void, void> {
  let begin: string | undefined;
  let texts: string[] = [];
  let length = 0;
  let before: string | undefined;
  for (const { text, isFurther } of parts(latest(pieces))) {
    const within = before !== undefined && !before.endsWith("\n");
    const own = isFurther ? furtherBeginning(text) : lineBeginning(text, () => time);
    if (texts.length > 0) texts.push(within ? "" : own);
    // The first piece continues the log's unfinished line; a later part continues the one before.
    else if (before === undefined) begin = own;
    else if (within) begin = FURTHER_LINE;
    else [begin, texts] = [undefined, [own]];
    texts.push(withFurtherLines(text));
    length += texts.at(-2)?.length ?? 0;
    length += texts.at(-1)!.length;
    before = text;
    if (length < LOG_CHARS_PER_TURN) continue;
    yield { begin, text: texts.join("") };
    [texts, length] = [[], 0];
    await nextTurn();
  }
  if (texts.length > 0) yield { begin, text: texts.join("") };
}

/** A part of a piece. */
interface Part {
  readonly text: string;
  /** Whether it begins with a continuation line of its message. */
  readonly isFurther: boolean;
}

/** Splits long pieces into parts, at ends of lines if possible. */
function* parts(pieces: readonly string[]): Generator<Part, void, void> {
  for (const piece of pieces) {
    for (let start = 0; start < piece.length;) {
      let end = Math.min(start + LOG_CHARS_PER_TURN / 8, piece.length);
      if (end < piece.length) {
        const line = piece.lastIndexOf("\n", end - 1) + 1;
        if (line > start) end = line;
        else if (isWithinCharacter(piece, end)) end -= 1;
      }
      yield { text: piece.slice(start, end), isFurther: piece[start - 1] === "\n" };
      start = end;
    }
  }
}

function furtherBeginning(text: string): string {
  return /^\r?\n/.test(text) ? "" : FURTHER_LINE;
}

/** The last pieces that fit into the limit, counting the prefix of each line. */
function latest(pieces: readonly string[]): string[] {
  const kept: string[] = [];
  let room = MAX_STAMPED_LOG_CHARS;
  for (let at = pieces.length - 1; at >= 0 && room > 0; at--) {
    const piece = pieces[at]!;
    let start = piece.length;
    while (start > 0 && room > 0) {
      const line = start === 1 ? 0 : piece.lastIndexOf("\n", start - 2) + 1;
      const cut = Math.max(line, start - room);
      const from = isWithinCharacter(piece, cut) ? cut + 1 : cut;
      room -= start - from + FURTHER_LINE.length;
      start = from;
    }
    kept.push(piece.slice(start));
  }
  return kept.reverse();
}
