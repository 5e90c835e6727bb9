/** Text in one style. */
export interface Span {
  readonly text: string;
  readonly bold: boolean;
  /** Foreground colour as an ANSI number, 30 to 37; undefined for the default. */
  readonly colour?: number;
}

/** A line of a terminal at the end of the recording. */
export interface ScreenLine {
  /** Seconds from the start of the recording until the line was complete. */
  readonly seconds: number;
  readonly spans: readonly Span[];
}

interface Cell extends Omit<Span, "text"> {
  readonly character: string;
}

/** One step of a terminal's output: a control sequence, or one character. */
// deno-lint-ignore no-control-regex -- terminals are controlled by these characters
const STEP = /\x1b\[([\d;]*)([A-Za-z])|[^]/gu;

/**
 * Reads a recording of util-linux's `script --log-out LOG --log-timing TIMING`: the lines that a terminal shows at the
 * end. Supports what command-line programs use: line ends, carriage returns, columns, erasing, bold and the eight
 * colours.
 *
 * @param log the output, with the header and the trailer of `script`
 * @param timing one line per write: seconds since the previous one, and its length in bytes
 */
export function readRecording(log: Uint8Array, timing: string): ScreenLine[] {
  const lines: { seconds: number; cells: Cell[] }[] = [];
  let cells: Cell[] = [];
  let [column, bold, seconds] = [0, false, 0];
  let colour: number | undefined;
  for (const { at, text } of writes(log, timing)) {
    seconds = at;
    for (const [step, parameters = "", command] of text.matchAll(STEP)) {
      if (step === "\n") {
        lines.push({ seconds, cells });
        [cells, column] = [[], 0];
      } else if (step === "\r") column = 0;
      else if (command === "m") {
        for (const code of parameters.split(";").map(Number)) {
          if (code === 0) [bold, colour] = [false, undefined];
          else if (code === 1 || code === 22) bold = code === 1;
          else if (code >= 30 && code <= 37) colour = code;
          else if (code === 39) colour = undefined;
        }
      } else if (command === "G") column = Math.max(0, Number(parameters || 1) - 1);
      else if (command === "K" || command === "J") {
        cells = parameters === "2" ? [] : cells.slice(0, column);
      } else if (command === undefined) {
        while (cells.length < column) cells.push({ character: " ", bold: false });
        cells[column++] = { character: step, bold, colour };
      }
    }
  }
  if (cells.length > 0) lines.push({ seconds, cells });
  return lines.map((line) => ({ seconds: line.seconds, spans: spans(line.cells) }));
}

function* writes(log: Uint8Array, timing: string): Generator<{ at: number; text: string }> {
  const decoder = new TextDecoder();
  let offset = log.indexOf(0x0a) + 1; // after the header
  let at = 0;
  for (const line of timing.trim().split("\n")) {
    const [delay, bytes] = line.split(" ").map(Number) as [number, number];
    at += delay;
    const end = offset + bytes;
    if (!(end <= log.length)) throw new Error(`The timing "${line}" is beyond the end of the log`);
    yield { at, text: decoder.decode(log.subarray(offset, end), { stream: true }) };
    offset = end;
  }
}

function spans(cells: readonly Cell[]): Span[] {
  const joined: Span[] = [];
  for (const { character, bold, colour } of cells) {
    const last = joined.at(-1);
    if (last !== undefined && last.bold === bold && last.colour === colour) {
      joined[joined.length - 1] = { ...last, text: last.text + character };
    } else joined.push({ text: character, bold, colour });
  }
  return joined;
}
