import { FlwrError } from "../../../base/error.ts";
import { MAX_ARRAY_BYTES } from "../../../tensor/limits.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { sharedArray } from "../shared_array.ts";
import { range } from "../partition/partitions.ts";
import { splitPositions } from "../split.ts";
import type { Column } from "./cells.ts";
import {
  invalid,
  missingAction,
  type TableDataset,
  type TableInputs,
  type TableOptions,
} from "./options.ts";
import { type ColumnSchema, encodedNames, type TableSchema } from "./schema.ts";
import { deviation, mean, median } from "./statistics.ts";

/** The collected cells of a table. */
export interface Collected {
  readonly inputs: readonly Column[];
  /** Undefined if the table has inputs only. */
  readonly target?: Column;
}

/** The targets of a table, and its rows for training and test. */
export interface DividedRows {
  /** Label or number of each row. */
  readonly labels: Float64Array;
  /** The classes; undefined if targets are numbers. */
  readonly classes?: readonly string[];
  readonly train: Uint32Array;
  readonly test?: Uint32Array;
}

/** Divides the rows for training and test. */
export function divideRows(target: Column, options: TableOptions): DividedRows {
  const rows = target.values.values.length;
  const classes = target.texts?.ordered();
  const labels = classes === undefined
    ? target.values.values
    : target.values.values.map((code) => classes.codes[code]!);
  const { split } = options;
  if (split?.stratify === true && classes === undefined) {
    throw invalid(
      "Option stratify works only with targets that are classes, but targetType is numbers",
      [
        "Leave out stratify",
      ],
    );
  }
  const parts = split === undefined
    ? { train: range(0, rows) }
    : splitPositions(rows, split, labels);
  return { labels, classes: classes?.texts, ...parts };
}

/** Builds data sets from collected cells: one, or one for training and one for test. */
export function buildTables(
  inputs: readonly Column[],
  target: Column,
  options: TableOptions,
): { readonly train: TableDataset; readonly test?: TableDataset } {
  const { labels, classes, train, test } = divideRows(target, options);
  const selectInputs = fitInputs(inputs, train, options, classes ?? []);
  const select = (rows: Uint32Array): TableDataset => {
    const { x, columns, schema } = selectInputs(rows);
    const y = classes === undefined
      ? tensor("float32", [rows.length, 1], Float32Array.from(rows, (row) => labels[row]!))
      : tensor("int64", [rows.length], BigInt64Array.from(rows, (row) => BigInt(labels[row]!)));
    return { x, y, columns, classes: schema.classes, schema };
  };
  return test === undefined
    ? { train: select(train) }
    : { train: select(train), test: select(test) };
}

/** Builds the inputs from collected cells, all rows in their order. */
export function buildInputs(inputs: readonly Column[], options: TableOptions): TableInputs {
  const rows = range(0, inputs[0]!.values.values.length);
  return fitInputs(inputs, rows, options, options.schema?.classes ?? [])(rows);
}

/**
 * Determines the encoding of the inputs from the training rows. @returns a function that builds the inputs of given
 * rows
 */
function fitInputs(
  inputs: readonly Column[],
  train: Uint32Array,
  options: TableOptions,
  classes: readonly string[],
): (rows: Uint32Array) => TableInputs {
  const fitted = inputs.map((column, i) => fitColumn(column, train, options, i));
  const schema: TableSchema = { inputs: fitted.map(({ schema }) => schema), classes };
  const columns = schema.inputs.flatMap(encodedNames);
  return (rows) => {
    const bytes = rows.length * columns.length * Float32Array.BYTES_PER_ELEMENT;
    if (bytes > MAX_ARRAY_BYTES) {
      throw new FlwrError(
        "resource-exhausted",
        `Table of ${rows.length} rows and ${columns.length} columns is larger than ${MAX_ARRAY_BYTES} bytes`,
      );
    }
    const x = sharedArray("float32", rows.length * columns.length);
    let from = 0;
    for (const column of fitted) {
      writeColumn(column, rows, x, columns.length, from);
      from += encodedNames(column.schema).length;
    }
    return { x: tensor("float32", [rows.length, columns.length], x), columns, schema };
  };
}

interface FittedColumn {
  readonly schema: ColumnSchema;
  /** Numbers, or indices of categories, with missing cells filled in. */
  readonly values: Float64Array;
}

/** Determines the encoding of a column from the training rows, and fills in missing cells. */
function fitColumn(
  { name, values: { values }, texts }: Column,
  train: Uint32Array,
  options: TableOptions,
  index: number,
): FittedColumn {
  const given = options.schema?.inputs[index];
  if (texts !== undefined) {
    const { texts: categories, codes } = texts.ordered();
    const encoding = given?.encoding ?? encodingOf(options, name);
    const action = missingAction(options, name);
    const fill = given?.fill ??
      (typeof action === "object"
        ? categories[codes[texts.codeOf(String(action.value), { column: name, line: 1 })]!]
        : undefined);
    const schema = { name, ...(fill === undefined ? {} : { fill }), encoding, categories };
    return { schema, values: values.map((code) => codes[code]!) };
  }
  const fill = given === undefined ? fillOf(name, values, train, options) : given.fill as number;
  const filled = fill === undefined ? values : values.map((x) => Number.isNaN(x) ? fill : x);
  const wanted = standardizes(options, name);
  const about = given?.mean ?? (given === undefined && wanted ? mean(filled, train) : undefined);
  const scale = about === undefined ? {} : {
    mean: about,
    deviation: given?.deviation ?? deviation(filled, train, about),
  };
  return { schema: { name, ...(fill === undefined ? {} : { fill }), ...scale }, values: filled };
}

/** Whether the options ask to standardise a column of numbers. */
export function standardizes({ standardize = false }: TableOptions, name: string): boolean {
  return typeof standardize === "boolean" ? standardize : standardize.includes(name);
}

/** The encoding that the options set for a column of categories. */
export function encodingOf({ categories = {} }: TableOptions, name: string) {
  const option = categories[name]!;
  return typeof option === "string" ? option : option.encoding;
}

function fillOf(
  name: string,
  values: Float64Array,
  train: Uint32Array,
  options: TableOptions,
): number | undefined {
  const action = missingAction(options, name);
  if (typeof action === "object") return Number(action.value);
  if (action !== "mean" && action !== "median") return undefined;
  const fill = action === "mean" ? mean(values, train) : median(values, train);
  if (!Number.isNaN(fill)) return fill;
  throw invalid(`Column "${name}" has no numbers for a ${action}: all its cells are missing`);
}

function writeColumn(
  { schema: { name, encoding, categories, mean, deviation }, values }: FittedColumn,
  rows: Uint32Array,
  x: Float32Array,
  width: number,
  from: number,
): void {
  rows.forEach((row, i) => {
    const value = values[row]!;
    if (encoding === "one-hot") x[i * width + from + value] = categories!.length > 0 ? 1 : 0;
    else {
      const written = mean === undefined ? value : (value - mean) / deviation!;
      // Checked after the conversion: a schema from elsewhere can fill in, or divide by, any number.
      if (!Number.isFinite(Math.fround(written))) {
        throw invalid(
          `Column "${name}" has ${written} in data row ${
            row + 1
          }, which float32 cannot represent: ` +
            `its schema has mean ${mean ?? "none"}, deviation ${deviation ?? "none"}`,
        );
      }
      x[i * width + from] = written;
    }
  });
}
