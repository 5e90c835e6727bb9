import type { ColumnValue } from "../sql/rows.ts";
import type { InsertedColumns } from "../sql/statements.ts";

/** Bytes of values after which a batch of rows is copied. One value can be larger. */
export const BATCH_BYTES = 8 * 2 ** 20;
/** Most rows of a batch. */
export const BATCH_ROWS = 1_000;

/** A database that is copied from or to, as it is at one moment. */
export interface Side {
  /** Version of SQLite's schema that has the database's tables. */
  readonly version: number;
  /** Runs a query that counts. */
  count(sql: string): Promise<number>;
  /** All rows of a table, in batches. */
  rows(table: InsertedColumns): AsyncIterable<readonly (readonly ColumnValue[])[]>;
  /** Inserts rows. */
  insert(table: InsertedColumns, rows: readonly (readonly ColumnValue[])[]): Promise<void>;
  /** Makes what was inserted durable. Without it, nothing is stored. */
  commit(): Promise<void>;
  close(): Promise<void>;
}

/** Number of bytes of a row, roughly. */
export function bytesOf(row: readonly ColumnValue[]): number {
  return row.reduce<number>(
    (sum, value) =>
      sum + (typeof value === "string" || value instanceof Uint8Array ? value.length : 8),
    0,
  );
}
