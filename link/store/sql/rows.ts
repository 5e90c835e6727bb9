import { FlwrError } from "../../../base/error.ts";

/** Value of a column. Integers are read as bigint, because a number cannot represent all of them. */
export type ColumnValue = string | number | bigint | Uint8Array | null;
/** Value of a statement: of a column, or a list of texts for `IN ?*`, of integers for `IN ?#`, of bytes for `IN ?%`. */
export type SqlValue =
  | ColumnValue
  | readonly string[]
  | readonly bigint[]
  | readonly Uint8Array[];
/** A row by column name. */
export type Row = Readonly<Record<string, ColumnValue | undefined>>;

/** Converts an unsigned 64-bit id to the signed integer with the same bits. @throws internal */
export function fromId(id: bigint): bigint {
  if (BigInt.asUintN(64, id) !== id) {
    throw new FlwrError("internal", `Id is not an unsigned 64-bit integer: "${id}"`);
  }
  return BigInt.asIntN(64, id);
}

/** Encodes text from outside as UTF-8 bytes, because TEXT cannot hold NUL. SQLite's is read only up to the first one. */
export function fromText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** SQL placeholders, one for each column. */
export function placeholders(columns: readonly string[]): string {
  return columns.map(() => "?").join(", ");
}

/** Assignments for `DO UPDATE SET` that take the inserted values of these columns. */
export function updateAssignments(columns: readonly string[]): string {
  return columns.map((column) => `${column} = excluded.${column}`).join(", ");
}

export function id(row: Row, column: string): bigint {
  const value = row[column];
  return typeof value === "bigint" ? BigInt.asUintN(64, value) : unexpected(column, value);
}

export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === "string" ? value : unexpected(column, value);
}

/** The reverse of {@link fromText}. */
export function foreignText(row: Row, column: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes(row, column));
}

/** A REAL, or an INTEGER that a number can represent. */
export function number(row: Row, column: string): number {
  const value = row[column];
  return typeof value === "number" || typeof value === "bigint"
    ? Number(value)
    : unexpected(column, value);
}

export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  return value instanceof Uint8Array ? value : unexpected(column, value);
}

/** An object with one property, or none if the column is NULL. */
export function optional<K extends string, T>(
  key: K,
  row: Row,
  column: string,
  read: (row: Row, column: string) => T,
): { readonly [P in K]?: T } {
  return row[column] === null ? {} : { [key]: read(row, column) } as { [P in K]: T };
}

function unexpected(column: string, value: ColumnValue | undefined): never {
  throw new FlwrError("data-loss", `Column "${column}" of the database holds a ${typeof value}`);
}
