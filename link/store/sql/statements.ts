import type { ColumnValue, Row, SqlValue } from "./rows.ts";

/**
 * Runs the SQL statements of the tables, which are written once for all engines. In a statement, `?` stands for a value,
 * `IN ?*` for membership in a list of texts, which is one value, `IN ?#` in a list of integers, and `IN ?%` in a list of bytes.
 */
export interface Statements {
  /** The first row of a query; undefined without one. */
  one<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T | undefined>;
  /** All rows of a query. */
  all<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T[]>;
  /** Whether a query returns any row. */
  some(sql: string, ...values: SqlValue[]): Promise<boolean>;
  /**
   * The column `bytes` of the first row of a query that selects nothing else; undefined without such a row. For values of
   * many megabytes.
   */
  bytes(sql: string, ...values: SqlValue[]): Promise<Uint8Array | undefined>;
  /**
   * The columns `key` and `bytes` of all rows of a query that selects nothing else, by key. For values of many
   * megabytes together.
   */
  bytesByKey(sql: string, ...values: SqlValue[]): Promise<Map<string, Uint8Array>>;
  /**
   * Runs a statement that writes. Later statements see what it wrote. A server need not have answered when this resolves:
   * if the statement then fails, the transaction does.
   */
  run(sql: string, ...values: SqlValue[]): Promise<void>;
  /** Runs a statement that writes. @returns the number of changed rows */
  count(sql: string, ...values: SqlValue[]): Promise<number>;
  /** Runs a statement that writes and has a RETURNING clause. @returns its first row; undefined without one */
  returning<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T | undefined>;
  /** Runs a statement that writes and has a RETURNING clause. @returns all its rows */
  returningAll<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T[]>;
  /**
   * Inserts rows in their order, with one statement where that is faster. It resolves like {@link run}.
   *
   * @param end clause after the values, such as `ON CONFLICT DO NOTHING`
   */
  insert(
    into: InsertedColumns,
    rows: readonly (readonly ColumnValue[])[],
    end?: string,
  ): Promise<void>;
  /**
   * Inserts rows like {@link insert}.
   *
   * @param end clause after the values, with RETURNING
   * @returns the rows that it returns
   */
  insertReturning<T>(
    from: (row: Row) => T,
    into: InsertedColumns,
    rows: readonly (readonly ColumnValue[])[],
    end: string,
  ): Promise<T[]>;
}

/** The columns of a table into which rows are inserted, in the order of their values. */
export interface InsertedColumns {
  readonly table: string;
  readonly columns: readonly InsertedColumn[];
}

/** A column and the type of its values. */
export type InsertedColumn = readonly [name: string, type: "text" | "integer" | "real" | "bytes"];
