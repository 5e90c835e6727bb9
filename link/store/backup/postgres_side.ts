import { Connection } from "../postgres/connection.ts";
import { postgresError } from "../postgres/error.ts";
import { beginLocked, migrate, schemaVersion } from "../postgres/migrate.ts";
import { SQLITE_VERSIONS } from "../postgres/schema.ts";
import { ARRAYS, arrayText } from "../postgres/statements.ts";
import type { PostgresTarget } from "../postgres/target.ts";
import type { ColumnValue } from "../sql/rows.ts";
import type { InsertedColumns } from "../sql/statements.ts";
import { BATCH_BYTES, bytesOf, type Side } from "./side.ts";
import { NEWEST_VERSION } from "./tables.ts";

/** Columns that the server numbers. */
const NUMBERED = [["instruction", "place"], ["push", "push"], ["announced", "rowid"]] as const;
/** Rows to fetch at once: few, because each may have a large value. */
const FETCHED_ROWS = 50;

/** A PostgreSQL database, of which reads see one moment. */
export class PostgresSide implements Side {
  readonly #target: PostgresTarget;
  readonly #connection: Connection;

  private constructor(target: PostgresTarget, connection: Connection, readonly version: number) {
    this.#target = target;
    this.#connection = connection;
  }

  /** Opens a database to read it, and changes nothing in it. SuperLinks may go on. @throws FlwrError naming the host */
  static read(target: PostgresTarget): Promise<PostgresSide> {
    return PostgresSide.#open(target, async (connection) => {
      await connection.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      return SQLITE_VERSIONS[await schemaVersion(connection, target) - 1]!;
    });
  }

  /**
   * Opens a database to write it, with the newest tables. SuperLinks wait meanwhile.
   *
   * @throws FlwrError naming the host
   */
  static write(target: PostgresTarget): Promise<PostgresSide> {
    return PostgresSide.#open(target, async (connection) => {
      const { lock } = await migrate(connection, target);
      await schemaVersion(connection, target);
      await connection.script(beginLocked(lock));
      return NEWEST_VERSION;
    });
  }

  /** @param begin begins the transaction. @returns the version of SQLite's schema with the same tables */
  static async #open(
    target: PostgresTarget,
    begin: (connection: Connection) => Promise<number>,
  ): Promise<PostgresSide> {
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(target, { waitsForDisk: true });
      await connection.script(
        "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0",
      );
      return new PostgresSide(target, connection, await begin(connection));
    } catch (error) {
      await connection?.close();
      throw postgresError(target, error);
    }
  }

  async count(sql: string): Promise<number> {
    const { rows: [row] } = await this.#query(sql);
    return Number(Object.values(row ?? {})[0]);
  }

  async *rows(
    { table, columns }: InsertedColumns,
  ): AsyncGenerator<ColumnValue[][], void, undefined> {
    const names = columns.map(([name]) => name);
    await this.#query(`DECLARE copied CURSOR FOR SELECT ${names.join(", ")} FROM ${table}`);
    let batch: ColumnValue[][] = [];
    let bytes = 0;
    for (;;) {
      const { rows } = await this.#fetch();
      for (const row of rows) {
        const values = names.map((name) => row[name] ?? null);
        batch.push(values);
        bytes += bytesOf(values);
      }
      if (batch.length > 0 && (bytes >= BATCH_BYTES || rows.length === 0)) {
        yield batch;
        [batch, bytes] = [[], 0];
      }
      if (rows.length === 0) break;
    }
    await this.#query("CLOSE copied");
  }

  async insert(
    { table, columns }: InsertedColumns,
    rows: readonly (readonly ColumnValue[])[],
  ): Promise<void> {
    const names = columns.map(([name]) => name).join(", ");
    const lists = columns.map(([, type], index) => `$${index + 1}::${ARRAYS[type]}`).join(", ");
    await this.#query(
      `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE SELECT * FROM unnest(${lists})`,
      columns.map((_, index) => arrayText(rows.map((row) => row[index]!))),
    );
  }

  async commit(): Promise<void> {
    for (const [table, column] of NUMBERED) {
      // The next number comes after the largest.
      await this.#query(
        `SELECT setval(pg_get_serial_sequence('${table}', '${column}'), max(${column}))
           FROM ${table} HAVING max(${column}) IS NOT NULL`,
      );
    }
    await this.#query("COMMIT");
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** The next rows of the cursor. Not prepared, because the columns differ from table to table. */
  async #fetch() {
    try {
      return await this.#connection.script(`FETCH ${FETCHED_ROWS} FROM copied`);
    } catch (error) {
      throw postgresError(this.#target, error);
    }
  }

  async #query(sql: string, values: readonly ColumnValue[] = []) {
    try {
      return await this.#connection.query(sql, values);
    } catch (error) {
      throw postgresError(this.#target, error);
    }
  }
}
