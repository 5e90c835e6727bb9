import type { StatementSync } from "node:sqlite";
import {
  bytes,
  type ColumnValue,
  placeholders,
  type Row,
  type SqlValue,
  text,
} from "../sql/rows.ts";
import type { InsertedColumns, Statements } from "../sql/statements.ts";

/** A value that SQLite accepts. */
type SqliteValue = ColumnValue;

/** {@link Statements} of SQLite, each prepared once. SQLite is synchronous; the results are promises all the same. */
export class SqliteStatements implements Statements {
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

  one<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T | undefined> {
    return promised(() => {
      const row = this.#prepare(sql).get(...plain(values)) as Row | undefined;
      return row && from(row);
    });
  }

  all<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T[]> {
    return promised(() => (this.#prepare(sql).all(...plain(values)) as Row[]).map(from));
  }

  async some(sql: string, ...values: SqlValue[]): Promise<boolean> {
    return await this.one(() => true, sql, ...values) ?? false;
  }

  bytes(sql: string, ...values: SqlValue[]): Promise<Uint8Array | undefined> {
    return this.one((row) => bytes(row, "bytes"), sql, ...values);
  }

  async bytesByKey(sql: string, ...values: SqlValue[]): Promise<Map<string, Uint8Array>> {
    const entry = (row: Row): [string, Uint8Array] => [text(row, "key"), bytes(row, "bytes")];
    return new Map(await this.all(entry, sql, ...values));
  }

  run(sql: string, ...values: SqlValue[]): Promise<void> {
    return promised(() => {
      this.#onWrite();
      this.#prepare(sql).run(...plain(values));
    });
  }

  count(sql: string, ...values: SqlValue[]): Promise<number> {
    return promised(() => {
      this.#onWrite();
      return Number(this.#prepare(sql).run(...plain(values)).changes);
    });
  }

  returning<T>(
    from: (row: Row) => T,
    sql: string,
    ...values: SqlValue[]
  ): Promise<T | undefined> {
    return promised(() => {
      this.#onWrite();
      const row = this.#prepare(sql).get(...plain(values)) as Row | undefined;
      return row && from(row);
    });
  }

  returningAll<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T[]> {
    return promised(() => {
      this.#onWrite();
      return (this.#prepare(sql).all(...plain(values)) as Row[]).map(from);
    });
  }

  insert(
    into: InsertedColumns,
    rows: readonly (readonly ColumnValue[])[],
    end = "",
  ): Promise<void> {
    const sql = insertText(into, end);
    return promised(() => {
      for (const row of rows) {
        this.#onWrite();
        this.#prepare(sql).run(...row);
      }
    });
  }

  insertReturning<T>(
    from: (row: Row) => T,
    into: InsertedColumns,
    rows: readonly (readonly ColumnValue[])[],
    end: string,
  ): Promise<T[]> {
    const sql = insertText(into, end);
    return promised(() =>
      rows.flatMap((row) => {
        this.#onWrite();
        return (this.#prepare(sql).all(...row) as Row[]).map(from);
      })
    );
  }
}

function insertText({ table, columns }: InsertedColumns, end: string): string {
  const names = columns.map(([name]) => name);
  return `INSERT INTO ${table} (${names.join(", ")}) VALUES (${placeholders(names)}) ${end}`;
}

/** Translates a statement of the tables to SQLite. */
export function toSqlite(sql: string): string {
  return sql.replaceAll(/IN \?[*#]/g, "IN (SELECT value FROM json_each(?))")
    .replaceAll("IN ?%", "IN (SELECT unhex(value) FROM json_each(?))");
}

/** Writes lists as JSON, in place. */
function plain(values: SqlValue[]): SqliteValue[] {
  for (const [index, value] of values.entries()) {
    if (Array.isArray(value)) values[index] = jsonList(value);
  }
  return values as SqliteValue[];
}

function jsonList(list: readonly (string | bigint | Uint8Array)[]): string {
  if (typeof list[0] === "bigint") return `[${list.join(",")}]`;
  return JSON.stringify(list, (_, item) => item instanceof Uint8Array ? item.toHex() : item);
}

function promised<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}
