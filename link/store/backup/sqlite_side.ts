import type { DatabaseSync } from "node:sqlite";
import { type ColumnValue, placeholders } from "../sql/rows.ts";
import type { InsertedColumns } from "../sql/statements.ts";
import { sqliteError } from "../sqlite/error.ts";
import { openDatabase } from "../sqlite/open.ts";
import { BATCH_BYTES, BATCH_ROWS, bytesOf, type Side } from "./side.ts";

/** A SQLite file. No SuperLink may use it at the same time. */
export class SqliteSide implements Side {
  readonly #path: string;
  readonly #database: DatabaseSync;

  /** @throws FlwrError naming the file */
  constructor(path: string) {
    this.#path = path;
    this.#database = openDatabase(path, {});
    this.#database.exec("BEGIN IMMEDIATE");
  }

  /** What SQLite itself finds wrong with the file, such as "ok". */
  integrity(): string {
    const [row] = this.#database.prepare("PRAGMA integrity_check(1)").all();
    return String(Object.values(row ?? {})[0]);
  }

  /** Number of rows that refer to rows that do not exist. */
  danglingRows(): number {
    return this.#database.prepare("PRAGMA foreign_key_check").all().length;
  }

  count(sql: string): Promise<number> {
    return Promise.resolve(Number(Object.values(this.#database.prepare(sql).get() ?? {})[0]));
  }

  async *rows(
    { table, columns }: InsertedColumns,
  ): AsyncGenerator<ColumnValue[][], void, undefined> {
    const names = columns.map(([name]) => name);
    const statement = this.#database.prepare(`SELECT ${names.join(", ")} FROM ${table}`);
    statement.setReadBigInts(true);
    let batch: ColumnValue[][] = [];
    let bytes = 0;
    for (const row of statement.iterate()) {
      const values = names.map((name) => row[name] as ColumnValue);
      batch.push(values);
      bytes += bytesOf(values);
      if (bytes < BATCH_BYTES && batch.length < BATCH_ROWS) continue;
      yield batch;
      [batch, bytes] = [[], 0];
    }
    if (batch.length > 0) yield batch;
  }

  insert(
    { table, columns }: InsertedColumns,
    rows: readonly (readonly ColumnValue[])[],
  ): Promise<void> {
    const names = columns.map(([name]) => name);
    const sql = `INSERT INTO ${table} (${names.join(", ")}) VALUES (${placeholders(names)})`;
    try {
      const statement = this.#database.prepare(sql);
      for (const row of rows) statement.run(...row);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(sqliteError(this.#path, error));
    }
  }

  commit(): Promise<void> {
    try {
      this.#database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(sqliteError(this.#path, error));
    }
  }

  close(): Promise<void> {
    this.#database.close();
    return Promise.resolve();
  }
}
