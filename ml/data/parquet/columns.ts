import type { SchemaElement } from "hyparquet";
import { damaged, unsupported } from "./damaged.ts";

/** Logical types of text (parquet.thrift, LogicalType and ConvertedType). */
const TEXTS: readonly unknown[] = ["STRING", "UTF8", "ENUM"];
/** Logical types of numbers. */
const NUMBERS = /^(INTEGER|U?INT_(8|16|32|64)|DECIMAL|FLOAT16)$/;
const TIMES = /^(DATE|TIME|TIMESTAMP|INTERVAL)/;
const BYTES: readonly unknown[] = ["BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"];

/** Largest scale of a decimal that a double can have. */
const MAX_SCALE = 300;

/**
 * The columns of a Parquet file.
 *
 * @param schema all elements; the first is the root, whose children are the columns
 * @throws FlwrError "invalid-argument" when the elements are no tree
 */
export function topColumns(schema: readonly SchemaElement[]): SchemaElement[] {
  const columns: SchemaElement[] = [];
  const count = schema[0]?.num_children ?? 0;
  for (let at = 1; columns.length < count;) {
    const element = schema[at];
    if (element === undefined || typeof element.name !== "string") {
      throw damaged("its schema has too few columns");
    }
    columns.push(element);
    for (let left = 1; left > 0; left--) {
      const children = schema[at]?.num_children ?? 0;
      if (!(children >= 0) || children > schema.length) throw damaged("its schema is no tree");
      left += children;
      at++;
    }
    if (at > schema.length) throw damaged("its schema has too few columns");
  }
  return columns;
}

/**
 * Checks that a column has numbers, booleans or texts.
 *
 * @throws FlwrError "unimplemented" that names the column and its type
 */
export function checkColumn(column: SchemaElement): void {
  const { name, type, repetition_type: repetition, converted_type, logical_type } = column;
  const logical = logical_type?.type ?? converted_type;
  const refuse = (what: string, hint: string) =>
    unsupported(`Column "${name}" ${what}`, [
      `Leave the column out with the option inputs, or ${hint}`,
    ]);
  if (type === undefined || repetition === "REPEATED") {
    throw refuse("has lists or structures, which are not supported", "write its parts as columns");
  }
  if (type === "INT96" || (logical !== undefined && TIMES.test(logical))) {
    throw refuse("has dates or times, which are not supported", "write them as numbers");
  }
  if (logical === "DECIMAL") {
    const { scale = 0 } = column;
    if (scale >= 0 && scale <= MAX_SCALE) return;
  }
  if (BYTES.includes(type)) {
    const isText = type === "BYTE_ARRAY" && TEXTS.includes(logical);
    if (isText || logical === "FLOAT16") return;
    throw refuse("has bytes that are not marked as text", "write it as text (UTF8)");
  }
  if (logical === undefined || NUMBERS.test(logical)) return;
  throw refuse(`has values of the type ${logical}, which is not supported`, "convert it");
}
