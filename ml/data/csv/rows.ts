import { FlwrError } from "../../../base/error.ts";
import type { Cell } from "./cells.ts";
import { delimiterHints, headerHints, lengthHints } from "./header_hints.ts";

/** Longest line and record of a CSV file, so that a missing closing quote does not load the rest of a large file. */
export const MAX_CSV_LINE_BYTES = 2 ** 24;

/** One record of a table of text. */
export interface Row {
  readonly cells: readonly string[];
  /** Number of its first line in the file, from 1. */
  readonly line: number;
}

/** One record of a table of any format. */
export interface TableRow {
  readonly cells: readonly Cell[];
  /** Number of its first line in the file, from 1; of the row, from 1, in a file without lines. */
  readonly line: number;
  /** Whether `line` is a row. */
  readonly isRow?: boolean;
}

const LINE_END = /\r\n?|\n/g;
const QUOTE = '"';

/**
 * Reads the records of a table (RFC 4180), the header first, a few at a time. Lines can end in any way, and in several
 * ways in one file. Spaces around cells and empty lines are ignored. A quote within a cell that does not begin with one
 * is text, as in other programs.
 *
 * @throws FlwrError "invalid-argument" that names the line of a malformed record; errors of `text` are passed on
 */
export async function* readRows(
  text: AsyncIterable<string>,
  delimiter: string,
): AsyncGenerator<Row[]> {
  if (delimiter === "" || /["\r\n]/.test(delimiter)) {
    throw new FlwrError(
      "invalid-argument",
      `Option delimiter must be a text without quotes and line ends: got ${
        JSON.stringify(delimiter)
      }`,
    );
  }
  const reader = new RowReader(delimiter);
  for await (const piece of text) yield reader.add(piece, false);
  yield reader.add("", true);
}

class RowReader {
  readonly #delimiter: string;
  #rest = "";
  /** Number of the line in which the unread rest begins. */
  #line = 1;
  #header: readonly string[] | undefined;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  /** The records that are complete with the next piece of text. @param last whether it is the end of the file */
  add(piece: string, last: boolean): Row[] {
    const text = this.#rest + piece;
    const rows: Row[] = [];
    let start = 0;
    while (start < text.length) {
      const found = this.#record(text, start, last);
      if (found === undefined) break;
      const { cells, next, lines } = found;
      if (cells.length > 1 || cells[0] !== "") rows.push(this.#checked(cells));
      this.#line += lines;
      start = next;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > MAX_CSV_LINE_BYTES) {
      throw malformed(
        `The record in line ${this.#line} is longer than ${MAX_CSV_LINE_BYTES} characters`,
        ["A closing quote may be missing"],
      );
    }
    return rows;
  }

  #checked(cells: readonly string[]): Row {
    this.#header ??= cells;
    const { length } = this.#header;
    if (cells.length === length) return { cells, line: this.#line };
    throw malformed(
      `Line ${this.#line} has ${cells.length} cells, but the header has ${length}`,
      lengthHints(this.#header, cells),
    );
  }

  /** The record at an offset; undefined if it is not complete yet. */
  #record(text: string, start: number, last: boolean) {
    LINE_END.lastIndex = start;
    const end = LINE_END.exec(text);
    // "\r" can be followed by "\n".
    const open = end === null || (end[0] === "\r" && LINE_END.lastIndex === text.length);
    if (open && !last) return undefined;
    const line = text.slice(start, end === null ? text.length : end.index);
    if (line.includes(QUOTE)) return this.#quotedRecord(text, start, last);
    const cells = line.split(this.#delimiter);
    for (let i = 0; i < cells.length; i++) cells[i] = cells[i]!.trim();
    return { cells, next: end === null ? text.length : LINE_END.lastIndex, lines: 1 };
  }

  /** Like {@link #record}, cell by cell. */
  #quotedRecord(text: string, start: number, last: boolean) {
    const cells: string[] = [];
    let lines = 0;
    for (let at = start;;) {
      const cell = this.#cell(text, at, last);
      if (cell === undefined) return undefined;
      lines += cell.lines;
      cells.push(cell.value);
      if (text.startsWith(this.#delimiter, cell.end)) {
        at = cell.end + this.#delimiter.length;
        continue;
      }
      if (cell.end === text.length) return { cells, next: cell.end, lines: lines + 1 };
      const long = text.startsWith("\r\n", cell.end);
      if (!last && text[cell.end] === "\r" && cell.end + 1 === text.length) return undefined;
      return { cells, next: cell.end + (long ? 2 : 1), lines: lines + 1 };
    }
  }

  /** The cell at an offset, up to its delimiter or line end. */
  #cell(text: string, start: number, last: boolean) {
    let at = this.#skipSpaces(text, start);
    if (text[at] !== QUOTE) {
      const end = this.#cellEnd(text, at);
      if (end === text.length && !last) return undefined;
      return { value: text.slice(at, end).trim(), end, lines: 0 };
    }
    let value = "";
    for (at++;;) {
      const quote = text.indexOf(QUOTE, at);
      if (quote === -1) {
        if (!last) return undefined;
        throw malformed(`The quote in line ${this.#line} is not closed`);
      }
      value += text.slice(at, quote);
      at = quote + 1;
      if (at === text.length && !last) return undefined;
      if (text[at] !== QUOTE) break;
      value += QUOTE;
      at++;
    }
    const lines = value.match(LINE_END)?.length ?? 0;
    const end = this.#skipSpaces(text, at);
    if (end === text.length && !last) return undefined;
    if (end < text.length && end !== this.#cellEnd(text, end)) {
      throw malformed(
        `Line ${this.#line + lines} has text after a closing quote`,
        /^\s*[[{]/.test(text) && this.#line === 1
          ? headerHints([text.trim()[0]!])
          // A tab counts as a space unless it is the delimiter.
          : delimiterHints(text[at] === "\t" ? "\t" : text[end]),
      );
    }
    return { value, end, lines };
  }

  #cellEnd(text: string, at: number): number {
    LINE_END.lastIndex = at;
    const line = LINE_END.exec(text)?.index ?? text.length;
    const delimiter = text.indexOf(this.#delimiter, at);
    return delimiter === -1 ? line : Math.min(line, delimiter);
  }

  /** The offset after spaces and tabs, unless they are the delimiter. */
  #skipSpaces(text: string, at: number): number {
    while ((text[at] === " " || text[at] === "\t") && !text.startsWith(this.#delimiter, at)) at++;
    return at;
  }
}

function malformed(problem: string, hints: readonly string[] = []): FlwrError {
  return new FlwrError("invalid-argument", `Table is malformed: ${problem}`, { hints });
}
