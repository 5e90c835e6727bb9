import { FlwrError } from "../../base/error.ts";

/** A value of a SQLite column; integers are read as bigint, because a number cannot hold all of them. */
export type SqlValue = string | number | bigint | Uint8Array | null;
/** A row by column name. */
export type Row = Readonly<Record<string, SqlValue | undefined>>;

/** An unsigned 64-bit id as SQLite's signed integer. */
export function fromId(id: bigint): bigint {
  if (BigInt.asUintN(64, id) !== id) {
    throw new FlwrError("internal", `Id is not an unsigned 64-bit integer: "${id}"`);
  }
  return BigInt.asIntN(64, id);
}

/** Text that others chose, as its UTF-8 bytes. */
export function fromText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** As many question marks as there are columns. */
export function marks(columns: readonly string[]): string {
  return columns.map(() => "?").join(", ");
}

/** What an insertion does with a row that is there: it takes the new values of these columns. */
export function replacing(columns: readonly string[]): string {
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

/** A REAL, or an INTEGER that is known to be small. */
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

/** A property that is there unless the column is NULL. */
export function optional<K extends string, T>(
  key: K,
  row: Row,
  column: string,
  read: (row: Row, column: string) => T,
): { readonly [P in K]?: T } {
  return row[column] === null ? {} : { [key]: read(row, column) } as { [P in K]: T };
}

function unexpected(column: string, value: SqlValue | undefined): never {
  throw new FlwrError("data-loss", `Column "${column}" of the database holds a ${typeof value}`);
}
