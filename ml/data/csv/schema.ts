import type { CategoryEncoding } from "./options.ts";
import { invalid } from "./options.ts";

/** The encoding of one input column. */
export interface ColumnSchema {
  /** Name of the column in the table. */
  readonly name: string;
  /** Replacement for missing cells; undefined if they are refused or their rows dropped. */
  readonly fill?: number | string;
  /** Encoding of a column of categories. */
  readonly encoding?: CategoryEncoding;
  /** Categories of such a column, in order. */
  readonly categories?: readonly string[];
  /** Mean of a standardised column. */
  readonly mean?: number;
  /** Standard deviation (of the population) of a standardised column; 1 if all its cells are equal. */
  readonly deviation?: number;
}

/** The encoding of a table: plain data that JSON preserves. */
export interface TableSchema {
  /** The input columns, in order. */
  readonly inputs: readonly ColumnSchema[];
  /** The classes in the order of their labels; empty if targets are numbers. */
  readonly classes: readonly string[];
}

/** Checks a schema, which may have been read from JSON. @throws FlwrError "invalid-argument" when it is not valid */
export function checkSchema(schema: TableSchema): TableSchema {
  const { inputs, classes } = schema;
  if (!Array.isArray(inputs) || !isTexts(classes)) {
    throw invalid("A table's schema must have the lists inputs and classes");
  }
  for (const [i, { name, fill, encoding, categories, mean, deviation }] of inputs.entries()) {
    const sound = typeof name === "string" &&
      (categories === undefined
        ? encoding === undefined &&
          (fill === undefined || Number.isFinite(Math.fround(Number(fill))))
        : (encoding === "one-hot" || encoding === "codes") && isTexts(categories) &&
          (fill === undefined || categories.includes(String(fill)))) &&
      (mean === undefined
        ? deviation === undefined
        : categories === undefined && Number.isFinite(mean) && Number.isFinite(deviation) &&
          deviation! > 0);
    if (!sound) throw invalid(`Input ${i + 1} of the table's schema is invalid`);
  }
  return schema;
}

/** Names of the columns of `x` for one column of a table. */
export function encodedNames({ name, encoding, categories }: ColumnSchema): string[] {
  return encoding === "one-hot" ? categories!.map((category) => `${name}=${category}`) : [name];
}

/**
 * Names of the columns of `x` in a table that is read with a schema: "column=category" for one-hot encoded categories.
 *
 * @param schema the encoding of a table, such as the result of `mergeTableStatistics`
 * @throws FlwrError "invalid-argument" when it is not valid
 */
export function schemaColumns(schema: TableSchema): string[] {
  return checkSchema(schema).inputs.flatMap(encodedNames);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string") &&
    new Set(value).size === value.length;
}
