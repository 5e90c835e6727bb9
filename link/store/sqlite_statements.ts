import type { StatementSync } from "node:sqlite";
import type { Row, SqlValue } from "./sqlite_rows.ts";

/**
 * Runs SQL statements, each prepared once. SQLite is synchronous; the results are promises for the table interfaces.
 */
export class Statements {
  readonly #prepare: (sql: string) => StatementSync;
  readonly #onWrite: () => void;

  /**
   * @param prepare returns the prepared statement of an SQL text, which reads integers as bigint
   * @param onWrite called before each statement that writes
   */
  constructor(prepare: (sql: string) => StatementSync, onWrite: () => void) {
    this.#prepare = prepare;
    this.#onWrite = onWrite;
  }

  /** The first row of a query; undefined if there is none. */
  one<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T | undefined> {
    return promised(() => {
      const row = this.#prepare(sql).get(...values) as Row | undefined;
      return row && from(row);
    });
  }

  all<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T[]> {
    return promised(() => (this.#prepare(sql).all(...values) as Row[]).map(from));
  }

  /** Whether a query returns any row. */
  async some(sql: string, ...values: SqlValue[]): Promise<boolean> {
    return await this.one(() => true, sql, ...values) ?? false;
  }

  /** Runs a statement that writes. @returns the number of changed rows */
  run(sql: string, ...values: SqlValue[]): Promise<number> {
    return promised(() => {
      this.#onWrite();
      return Number(this.#prepare(sql).run(...values).changes);
    });
  }

  /** Runs a statement that writes and has a RETURNING clause. */
  returning<T>(
    from: (row: Row) => T,
    sql: string,
    ...values: SqlValue[]
  ): Promise<T | undefined> {
    this.#onWrite();
    return this.one(from, sql, ...values);
  }
}

function promised<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}
