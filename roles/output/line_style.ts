import type { Colours, Style } from "./colours.ts";

/** Patterns of progress lines (hosting/app/report.ts) and errors, with their styles. The first match counts. */
const STYLES: readonly (readonly [RegExp, Exclude<keyof Colours, "enabled">])[] = [
  [/^\[(ROUND \d+\/\d+|SUMMARY)\]$/, "heading"],
  [/^Nodes with failures:$/, "heading"],
  [/^ {4}node .* failed after \d/, "bad"],
  [/^ {4}rejected the reply of node /, "bad"],
  [/^ {2}node .*: \w+ in \d+ of \d+ rounds?.* Last error in round /, "bad"],
  [/^(Uncaught )?(\w*Error|error): /, "bad"],
  [/^ {2}(train|evaluate): \d+ results?, [1-9]\d* failures?, /, "warning"],
  [/^ {4}waiting for \d+ of \d+ /, "warning"],
  [/^(Waiting for nodes|Not saved|Warning|WARNING): /, "warning"],
];

/** The time stamp that a SuperLink puts before each line of a ServerApp. */
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z /;

/** Colours a line: failures, warnings and headings. A line that already has colours stays unchanged. */
export function styledLine(line: string, colours: Colours): string {
  return colours.enabled ? styleOf(line, colours)(line) : line;
}

/** Colours the lines of a log that arrives in pieces. A line that is split over pieces stays unchanged. */
export class StyledLines {
  readonly #colours: Colours;
  #atLineStart = true;

  constructor(colours: Colours) {
    this.#colours = colours;
  }

  /** Colours the next piece. @param piece sanitised text (see LogText) */
  next(piece: string): string {
    if (!this.#colours.enabled || piece === "") return piece;
    const lines = piece.split("\n");
    const rest = lines.pop()!;
    const styled = lines.map((line, place) =>
      place > 0 || this.#atLineStart ? styledLine(line, this.#colours) : line
    );
    this.#atLineStart = rest === "" && (lines.length > 0 || this.#atLineStart);
    return [...styled, rest].join("\n");
  }
}

function styleOf(line: string, colours: Colours): Style {
  if (line.includes("\x1b")) return (text) => text;
  const text = line.replace(TIME, "");
  const name = STYLES.find(([pattern]) => pattern.test(text))?.[1];
  return name === undefined ? (text) => text : colours[name];
}
