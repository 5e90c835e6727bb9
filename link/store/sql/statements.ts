import type { Row, SqlValue } from "./rows.ts";

/**
 * Runs the SQL statements of the tables, which are written once for all engines. In a statement, `?` stands for a value,
 * and `IN ?*` for membership in a list of texts, which is one value.
 */
export interface Statements {
  /** The first row of a query; undefined if there is none. */
  one<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T | undefined>;
  /** All rows of a query. */
  all<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T[]>;
  /** Whether a query returns any row. */
  some(sql: string, ...values: SqlValue[]): Promise<boolean>;
  /**
   * The column `bytes` of the first row of a query that selects nothing else; undefined if there is none. For values of
   * many megabytes.
   */
  bytes(sql: string, ...values: SqlValue[]): Promise<Uint8Array | undefined>;
  /** Runs a statement that writes. @returns the number of changed rows */
  run(sql: string, ...values: SqlValue[]): Promise<number>;
  /** Runs a statement that writes and has a RETURNING clause. @returns its first row; undefined if there is none */
  returning<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T | undefined>;
}
