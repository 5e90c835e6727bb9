import { FlwrError } from "../../base/error.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Dataset } from "../train/dataset.ts";
import { parseFile, readBytes } from "./read_bytes.ts";
import { sharedArray } from "./shared_array.ts";

/** How to make a data set of a table. */
export interface CsvOptions {
  /** The name of the column with the targets. */
  readonly target: string;
  /** The names of the columns with the inputs, in the wanted order; default all others in theirs. */
  readonly inputs?: readonly string[];
  /** Whether targets are classes, named by any text, or numbers; default "classes". */
  readonly targetType?: "classes" | "numbers";
  /**
   * The classes in the order of their labels. Name them where each node has a file of its own, as a class may be missing in
   * one; default those in the file, in ascending order: as numbers if all are.
   */
  readonly classes?: readonly string[];
  /** Between two cells; default a comma. */
  readonly delimiter?: string;
}

/** A table as a data set. */
export interface TableDataset extends Dataset {
  /** [rows, columns]. */
  readonly x: Tensor<"float32">;
  /** [rows]: labels (int64), or numbers [rows, 1] (float32). */
  readonly y: Tensor<"int64"> | Tensor<"float32">;
  /** The names of the inputs' columns. */
  readonly columns: readonly string[];
  /** The classes' names; empty where targets are numbers. */
  readonly classes: readonly string[];
}

/**
 * Reads a table with a header line (RFC 4180).
 *
 * @throws FlwrError "invalid-argument" that names the file, and the line and column of a cell that is not what it should be
 * @example
 * ```ts
 * const iris = await readCsv("iris.csv", { target: "species" });
 * ```
 */
export async function readCsv(path: string, options: CsvOptions): Promise<TableDataset> {
  const bytes = await readBytes(path);
  const text = new TextDecoder().decode(bytes);
  return await parseFile(path, () => parseCsv(text, options));
}

/** As {@link readCsv}, from text. */
export async function parseCsv(text: string, options: CsvOptions): Promise<TableDataset> {
  const [header, ...rows] = await readRows(text, options.delimiter ?? ",");
  if (header === undefined || rows.length === 0) {
    throw new FlwrError("invalid-argument", "Table has no rows below its header");
  }
  const find = (name: string) => findColumn(header.cells, name);
  const target = find(options.target);
  const columns = options.inputs ?? header.cells.filter((name) => name !== options.target);
  const places = columns.map(find);
  const x = sharedArray("float32", rows.length * places.length);
  rows.forEach((row, i) =>
    places.forEach((place, j) => x[i * places.length + j] = toNumber(row, place, header.cells))
  );
  const inputs = tensor("float32", [rows.length, places.length], x);
  if (options.targetType === "numbers") {
    const numbers = Float32Array.from(rows, (row) => toNumber(row, target, header.cells));
    return { x: inputs, y: tensor("float32", [rows.length, 1], numbers), columns, classes: [] };
  }
  const classes = options.classes ?? classNames(rows.map(({ cells }) => cells[target]!));
  const labels = BigInt64Array.from(rows, (row) => toLabel(row, target, header.cells, classes));
  return { x: inputs, y: tensor("int64", [rows.length], labels), columns, classes };
}

interface Row {
  readonly cells: readonly string[];
  /** Its last line in the file, from 1. */
  readonly line: number;
}

async function readRows(text: string, delimiter: string): Promise<Row[]> {
  // Loaded only where there is a table to read.
  const { parse } = await import("csv-parse/sync");
  try {
    const records = parse(text, {
      bom: true,
      delimiter,
      info: true,
      skip_empty_lines: true,
      trim: true,
    });
    return (records as unknown as { record: string[]; info: { lines: number } }[])
      .map(({ record, info }) => ({ cells: record, line: info.lines }));
  } catch (error) {
    // csv-parse's sentences name the line.
    const reason = error instanceof Error ? error.message : String(error);
    throw new FlwrError("invalid-argument", `Table is malformed: ${reason}`, { cause: error });
  }
}

function findColumn(header: readonly string[], name: string): number {
  const place = header.indexOf(name);
  if (place !== -1 && place === header.lastIndexOf(name)) return place;
  const problem = place === -1 ? "no column" : "more than one column";
  throw new FlwrError(
    "invalid-argument",
    `Table has ${problem} "${name}": it has ${header.join(", ")}`,
  );
}

/** A decimal number, with or without an exponent. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function toNumber({ cells, line }: Row, place: number, header: readonly string[]): number {
  const cell = cells[place]!;
  if (NUMBER.test(cell)) return Number(cell);
  throw new FlwrError(
    "invalid-argument",
    `Line ${line}, column "${header[place]}" is not a number: "${cell}"`,
  );
}

function toLabel(
  { cells, line }: Row,
  place: number,
  header: readonly string[],
  classes: readonly string[],
): bigint {
  const label = classes.indexOf(cells[place]!);
  if (label !== -1) return BigInt(label);
  throw new FlwrError(
    "invalid-argument",
    `Line ${line}, column "${header[place]}" is none of the classes: "${cells[place]}"`,
  );
}

function classNames(values: readonly string[]): string[] {
  const names = [...new Set(values)];
  const numeric = names.every((name) => NUMBER.test(name));
  return numeric ? names.sort((a, b) => Number(a) - Number(b)) : names.sort();
}
