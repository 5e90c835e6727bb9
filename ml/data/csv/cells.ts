import { FlwrError } from "../../../base/error.ts";

/** Most categories of a column: columns with more are names, not categories. */
export const MAX_CSV_CATEGORIES = 100_000;

/** A cell as its file has it: text, or a number or boolean in a file with types; null if it is missing there. */
export type Cell = string | number | boolean | null;

/** The position of a cell in the file. */
export interface CellPosition {
  readonly column: string;
  /** Number of the line, from 1; of the row, from 1, in a file without lines. */
  readonly line: number;
  /** Whether `line` is a row. */
  readonly isRow?: boolean;
}

/** A decimal number, with or without an exponent. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
/** Number of characters of a cell that an error message repeats. */
const QUOTED_CHARACTERS = 60;

/** Longest cell, in characters, that is compared with spreadsheet formats of numbers. */
const MAX_FORM_CHARACTERS = 100;

/** Whether a text is a decimal number. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text);
}

/**
 * Parses a number.
 *
 * @param decimal the decimal mark; with a comma, points are refused
 * @throws FlwrError "invalid-argument" when the cell is not a number, or one that float32 cannot represent
 */
export function parseNumber(cell: string, place: CellPosition, decimal: "." | "," = "."): number {
  const number = decimal === "." ? cell : withDecimalPoint(cell);
  if (!NUMBER.test(number)) {
    throw atCell(place, `is not a number: ${quote(cell)}`, hintsOf(cell, decimal));
  }
  return checkNumber(Number(number), cell, place);
}

/** Checks that float32 can represent a number. @throws FlwrError "invalid-argument" when it cannot */
export function checkNumber(value: number, cell: Cell, place: CellPosition): number {
  if (Number.isFinite(Math.fround(value))) return value;
  throw atCell(place, `is too large for float32: ${quote(cell)}`);
}

/** A number with a decimal comma, rewritten with a point; "" if it already has a point. */
function withDecimalPoint(cell: string): string {
  return cell.includes(".") ? "" : cell.replace(",", ".");
}

/** Hints for a cell that is not a number. */
function hintsOf(cell: string, decimal: "." | ","): string[] {
  if (decimal === "." && NUMBER.test(withDecimalPoint(cell))) {
    const hints = ['Set decimal: "," if the comma stands in front of decimals'];
    // "1,234" is one thousand and more in some programs, and about one in others.
    return THOUSAND.test(cell) ? [...hints, NO_THOUSANDS] : hints;
  }
  if (decimal === "," && isNumber(cell)) {
    const hints = ["If the file uses decimal points, remove the option decimal"];
    return THOUSAND.test(cell) ? [...hints, NO_THOUSANDS] : hints;
  }
  // Weka writes "?"; SAS and Stata write ".".
  if (/^[.?*_-]+$/.test(cell)) {
    return [
      `To treat such cells as missing, set missingCells: ["", ${
        JSON.stringify(cell.slice(0, 10))
      }]`,
      'Say what to do with missing cells: missing: "drop", for example',
    ];
  }
  // Some patterns take quadratic time, and numbers are never that long.
  const form = cell.length <= MAX_FORM_CHARACTERS &&
    FORMS.find(({ pattern }) => pattern.test(cell));
  if (form) return [form.hint];
  return ["Leave the column out with the option inputs, or name it in the option categories"];
}

/** A number with a single mark that could separate thousands. */
const THOUSAND = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;
const NO_THOUSANDS =
  "Thousands separators are not supported: save the cells as plain numbers, not as displayed";

/**
 * Formats in which spreadsheets display numbers, dates and booleans. LibreOffice's CSV export writes displayed values
 * by default.
 */
const FORMS: readonly { readonly pattern: RegExp; readonly hint: string }[] = [
  {
    pattern: /^[+-]?[\d.,\s'’]+\s*%$/,
    hint: "Percentages are not supported: save the cells as plain numbers, not as displayed",
  },
  {
    pattern: /^(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})(?![\w-])/,
    hint:
      "Dates are not supported: leave the column out with the option inputs, or write it as a number",
  },
  {
    pattern: /^[+-]?\d{1,3}([.,\s'’]\d{3})+([.,]\d+)?$/,
    hint: NO_THOUSANDS,
  },
  {
    pattern: /^(\p{Sc}\s*[\d.,\s+-]+|[\d.,\s+-]+\p{Sc})$/u,
    hint: "Currency signs are not supported: save the cells as plain numbers, not as displayed",
  },
  { pattern: /^\u2212\d/, hint: 'Write a minus as "-"' },
  {
    pattern: /^(true|false|yes|no)$/i,
    hint: "Name the column in the option categories, or write 1 and 0",
  },
  {
    pattern: /^#(DIV\/0!|REF!|NAME\?|VALUE!|NUM!|NULL!)$|^Err:\d+$/,
    hint:
      "The spreadsheet could not compute this cell: correct it there, or add it to missingCells",
  },
];

/**
 * A column of texts, converted to numbers: the position of each text among those seen so far, or among those allowed.
 */
export class TextColumn {
  readonly #codes: Map<string, number>;
  readonly #fixed: boolean;
  /** The code of each allowed text by its numeric value, if all are numbers. */
  readonly #byNumber: Map<number, number> | undefined;
  readonly #kind: "classes" | "categories";

  /**
   * Creates the column.
   *
   * @param allowed the texts in the order of their codes; undefined: any, in order of appearance
   */
  constructor(kind: "classes" | "categories", allowed?: readonly string[]) {
    this.#kind = kind;
    this.#fixed = allowed !== undefined;
    const repeated = allowed?.find((text, i) => allowed.indexOf(text) !== i);
    if (repeated !== undefined) {
      throw new FlwrError("invalid-argument", `Option ${kind} names ${quote(repeated)} twice`);
    }
    this.#codes = new Map(allowed?.map((text, code) => [text, code] as const));
    if (allowed?.every(isNumber)) {
      this.#byNumber = new Map(allowed.map((text, code) => [Number(text), code] as const));
    }
  }

  /** Whether the texts were given. */
  get fixed(): boolean {
    return this.#fixed;
  }

  /** The texts as they were read, in the order of their codes. */
  get texts(): string[] {
    return [...this.#codes.keys()];
  }

  /** The number of different texts so far. */
  get size(): number {
    return this.#codes.size;
  }

  /** Whether a text is one of those so far. */
  has(text: string): boolean {
    return this.#codes.has(text);
  }

  /** Whether a text is one of the given texts. Such a text does not count as missing. */
  allows(text: string): boolean {
    return this.#fixed && this.#codes.has(text);
  }

  /** The code of a text. @throws FlwrError "invalid-argument" when it is not allowed, or there are too many texts */
  codeOf(text: string, place: CellPosition): number {
    const code = this.#codes.get(text) ??
      (isNumber(text) ? this.#byNumber?.get(Number(text)) : undefined);
    if (code !== undefined) return code;
    if (this.#fixed) throw atCell(place, `is not one of the ${this.#kind}: ${quote(text)}`);
    if (this.#codes.size === MAX_CSV_CATEGORIES) {
      throw atCell(place, `has more than ${MAX_CSV_CATEGORIES} ${this.#kind}`);
    }
    this.#codes.set(text, this.#codes.size);
    return this.#codes.size - 1;
  }

  /**
   * The texts in the order of their codes, and the new code of each. If the texts were not given, the order is
   * ascending, as numbers if all are numbers; then two spellings of one number ("1", "1.0") are the same text.
   */
  ordered(): { readonly texts: readonly string[]; readonly codes: readonly number[] } {
    const seen = [...this.#codes.keys()];
    if (this.#fixed) return { texts: seen, codes: seen.map((_, code) => code) };
    const same = new Map<string, string>();
    if (seen.every(isNumber)) {
      const byNumber = new Map<number, string[]>();
      for (const text of seen) {
        const number = Number(text);
        byNumber.set(number, [...byNumber.get(number) ?? [], text]);
      }
      for (const [number, spellings] of byNumber) {
        // Beyond 2⁵³, two different texts can be the same double.
        if (spellings.length === 1 || Math.abs(number) > Number.MAX_SAFE_INTEGER) continue;
        for (const text of spellings) same.set(text, String(number));
      }
    }
    const named = seen.map((text) => same.get(text) ?? text);
    const texts = sortTexts([...new Set(named)]);
    const places = new Map(texts.map((text, code) => [text, code] as const));
    return { texts, codes: named.map((text) => places.get(text)!) };
  }
}

/** The cells of a column: numbers, or codes of texts; NaN if a cell is missing. */
export interface Column {
  readonly name: string;
  readonly values: GrowingDoubles;
  /** The texts; undefined for a column of numbers. */
  readonly texts?: TextColumn;
}

/** An empty column. */
export function column(name: string, texts?: TextColumn): Column {
  return { name, values: new GrowingDoubles(), texts };
}

/** Sorts texts in ascending order, as numbers if all are numbers. */
export function sortTexts(texts: string[]): string[] {
  const numeric = texts.every(isNumber);
  return numeric ? texts.sort((a, b) => Number(a) - Number(b)) : texts.sort();
}

/** An error about a cell, with its position. */
export function atCell(
  { column, line, isRow = false }: CellPosition,
  problem: string,
  hints: readonly string[] = [],
): FlwrError {
  const where = `${isRow ? "Row" : "Line"} ${line}, column "${column}"`;
  return new FlwrError("invalid-argument", `${where} ${problem}`, { hints });
}

/** A cell's text in quotes, shortened if it is long. */
export function quote(text: Cell): string {
  if (typeof text !== "string") return String(text);
  return `"${text.length <= QUOTED_CHARACTERS ? text : `${text.slice(0, QUOTED_CHARACTERS)}…`}"`;
}

/**
 * A growing list of doubles in memory that doubles when it is full: 8 bytes per cell, less than the cell's text needs.
 */
class GrowingDoubles {
  #values = new Float64Array(1024);
  #length = 0;

  /** All values so far; a view that is valid until the next value is added. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  /** The last value; undefined if there are none. */
  get last(): number | undefined {
    return this.#length === 0 ? undefined : this.#values[this.#length - 1];
  }

  /** Adds one at the end. */
  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }
}
