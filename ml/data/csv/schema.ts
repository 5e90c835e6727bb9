import type { CategoryEncoding } from "./options.ts";
import { invalid } from "./options.ts";

/** How a column of inputs became numbers. */
export interface ColumnSchema {
  /** Its name in the table. */
  readonly name: string;
  /** What a missing cell becomes; undefined where such a cell is refused or its row dropped. */
  readonly fill?: number | string;
  /** Of a column of categories: how they are encoded. */
  readonly encoding?: CategoryEncoding;
  /** Of a column of categories: these, in order. */
  readonly categories?: readonly string[];
  /** Of a standardised column: its mean. */
  readonly mean?: number;
  /** Of a standardised column: its standard deviation (of the population); 1 where all cells are equal. */
  readonly deviation?: number;
}

/** How a table became numbers. Plain data, which JSON keeps as it is. */
export interface TableSchema {
  /** The columns of inputs in order. */
  readonly inputs: readonly ColumnSchema[];
  /** The classes in the order of their labels; empty where targets are numbers. */
  readonly classes: readonly string[];
}

/** A schema that came from elsewhere, as JSON perhaps. @throws FlwrError "invalid-argument" where it is none */
export function checkSchema(schema: TableSchema): TableSchema {
  const { inputs, classes } = schema;
  if (!Array.isArray(inputs) || !isTexts(classes)) {
    throw invalid("A table's schema has the lists inputs and classes");
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
    if (!sound) throw invalid(`Input ${i + 1} of the table's schema makes no sense`);
  }
  return schema;
}

/** The names of the columns that a column of a table becomes. */
export function encodedNames({ name, encoding, categories }: ColumnSchema): string[] {
  return encoding === "one-hot" ? categories!.map((category) => `${name}=${category}`) : [name];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string") &&
    new Set(value).size === value.length;
}
