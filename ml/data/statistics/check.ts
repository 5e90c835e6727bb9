import { MAX_CSV_CATEGORIES } from "../csv/cells.ts";
import { invalid } from "../csv/options.ts";
import type { TableStatistics } from "./table_statistics.ts";

/** Most columns of a table that statistics may have. */
const MAX_COLUMNS = 100_000;
/** Longest text, in characters, so that a node cannot make the schema of all nodes arbitrarily large. */
const MAX_TEXT_CHARACTERS = 1000;
/** The largest number of float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/**
 * Checks a node's statistics, which can be any JSON value.
 *
 * @throws FlwrError "invalid-argument" that names the column that is malformed
 */
export function checkStatistics(value: unknown): TableStatistics {
  const { rows, columns, classes, ...others } = Object(value) as Partial<TableStatistics>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`They have an unknown part ${JSON.stringify(unknown)}`);
  if (!isCount(rows) || rows === 0) throw invalid("They have no number of rows");
  if (!Array.isArray(columns) || columns.length === 0 || columns.length > MAX_COLUMNS) {
    throw invalid(`They have no list of 1 to ${MAX_COLUMNS} columns`);
  }
  for (const [i, column] of columns.entries()) {
    if (!isColumn(column, rows)) throw invalid(`Column ${i + 1} is malformed`);
  }
  if (classes !== undefined && !isTexts(classes)) throw invalid("Their classes are malformed");
  return value as TableStatistics;
}

function isColumn(value: unknown, rows: number): boolean {
  const column = Object(value) as Readonly<Record<string, unknown>>;
  const { name, encoding, texts, fill, standardize, cells, ...others } = column;
  if (!isText(name) || Object.keys(others).length > 0) return false;
  if (encoding !== undefined) {
    return standardize === undefined && cells === undefined &&
      (encoding === "one-hot" || encoding === "codes") && isTexts(texts) &&
      (fill === undefined || isText(fill) && textsOf(texts).includes(fill));
  }
  const given = (Object(fill) as { value?: unknown }).value;
  if (texts !== undefined) return false;
  const knownFill = fill === undefined || fill === "mean" ||
    (typeof fill === "object" && isNumber(given));
  const needed = standardize === true || fill === "mean";
  return typeof standardize === "boolean" && knownFill &&
    (needed ? isCells(cells, rows, fill === "mean") : cells === undefined);
}

function isCells(value: unknown, rows: number, someMissing: boolean): boolean {
  const { count, mean, squares } = Object(value) as Readonly<Record<string, unknown>>;
  return isCount(count) && (someMissing ? count <= rows : count === rows) && isNumber(mean) &&
    typeof squares === "number" && squares >= 0 && squares <= count * (2 * LARGEST) ** 2;
}

function isTexts(value: unknown): boolean {
  const { texts, listed } = Object(value) as Readonly<Record<string, unknown>>;
  return typeof listed === "boolean" && Array.isArray(texts) &&
    texts.length <= MAX_CSV_CATEGORIES && texts.every(isText) &&
    new Set(texts).size === texts.length;
}

function textsOf(value: unknown): readonly unknown[] {
  return (value as { readonly texts: readonly unknown[] }).texts;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT_CHARACTERS;
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) <= LARGEST;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
