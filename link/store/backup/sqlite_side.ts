import type { DatabaseSync } from "node:sqlite";
import { FlwrError } from "../../../base/error.ts";
import { type ColumnValue, placeholders } from "../sql/rows.ts";
import type { InsertedColumns } from "../sql/statements.ts";
import { sqliteError } from "../sqlite/error.ts";
import { openDatabase, openUnchanged } from "../sqlite/open.ts";
import { BATCH_BYTES, BATCH_ROWS, bytesOf, type Side } from "./side.ts";

/** A SQLite file. No SuperLink may use it at the same time. */
export class SqliteSide implements Side {
  readonly #path: string;
  readonly #database: DatabaseSync;
  #isWhole: boolean | undefined;

  private constructor(path: string, database: DatabaseSync, readonly version: number) {
    this.#path = path;
    this.#database = database;
  }

  /** Opens a file to read it, and changes nothing in it. @throws FlwrError naming the file */
  static read(path: string): SqliteSide {
    const { database, version } = openUnchanged(path);
    try {
      database.exec("BEGIN");
      return new SqliteSide(path, database, version);
    } catch (error) {
      database.close();
      throw sqliteError(path, error);
    }
  }

  /**
   * Opens a file to write it, and creates it if it does not exist.
   *
   * @param version the version of a new file's schema
   * @throws FlwrError naming the file
   */
  static write(path: string, version: number): SqliteSide {
    const database = openDatabase(path, { version });
    try {
      // Tables of earlier versions may come before those that they refer to.
      database.exec("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON");
      return new SqliteSide(path, database, version);
    } catch (error) {
      database.close();
      throw sqliteError(path, error);
    }
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
    this.#requireWhole();
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

  /** Refuses a damaged file: Deno 2.9.3's `iterate` ends without an error where SQLite finds the damage. */
  #requireWhole(): void {
    try {
      this.#isWhole ??= this.integrity() === "ok";
    } catch (error) {
      throw sqliteError(this.#path, error);
    }
    if (this.#isWhole) return;
    throw new FlwrError("data-loss", `"${this.#path}" is damaged, so not all of it can be copied`, {
      hints: [`To see what is wrong: flwr database check "${this.#path}"`],
    });
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
