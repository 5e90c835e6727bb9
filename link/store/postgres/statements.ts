import { FlwrError } from "../../../base/error.ts";
import { type ColumnValue, type Row, type SqlValue, text } from "../sql/rows.ts";
import type { InsertedColumns, Statements } from "../sql/statements.ts";
import type { Connection, Result } from "./connection.ts";

/** {@link Statements} of one attempt of a transaction. */
export class PostgresStatements implements Statements {
  readonly #connection: Pick<Connection, "query">;
  readonly #texts: StatementTexts;
  readonly #onWrite: () => void;
  #hasEnded = false;
  #failure: unknown;
  #hasWritten = false;

  /** @param onWrite called before each statement that writes */
  constructor(
    connection: Pick<Connection, "query">,
    texts: StatementTexts,
    onWrite: () => void,
  ) {
    this.#connection = connection;
    this.#texts = texts;
    this.#onWrite = onWrite;
  }

  /** The error of the first statement that failed. After it, the server refuses all others of the transaction. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Whether a statement may have changed something. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Refuses further statements, which would not belong to this transaction. */
  end(): void {
    this.#hasEnded = true;
  }

  async one<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T | undefined> {
    const { rows: [row] } = await this.#query(this.#texts.plain(sql), values);
    return row && from(row);
  }

  async all<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T[]> {
    return (await this.#query(this.#texts.plain(sql), values)).rows.map(from);
  }

  async some(sql: string, ...values: SqlValue[]): Promise<boolean> {
    return await this.one(() => true, sql, ...values) ?? false;
  }

  async bytes(sql: string, ...values: SqlValue[]): Promise<Uint8Array | undefined> {
    const { rows: [row] } = await this.#query(this.#texts.ofBytes(sql), values);
    return row && Uint8Array.fromBase64(text(row, "bytes"));
  }

  async bytesByKey(sql: string, ...values: SqlValue[]): Promise<Map<string, Uint8Array>> {
    const { rows } = await this.#query(this.#texts.ofBytesByKey(sql), values);
    return new Map(
      rows.map((row) => [text(row, "key"), Uint8Array.fromBase64(text(row, "bytes"))]),
    );
  }

  run(sql: string, ...values: SqlValue[]): Promise<void> {
    return this.#send(this.#texts.plain(sql), values);
  }

  async count(sql: string, ...values: SqlValue[]): Promise<number> {
    return (await this.#write(this.#texts.plain(sql), values)).count;
  }

  async returning<T>(
    from: (row: Row) => T,
    sql: string,
    ...values: SqlValue[]
  ): Promise<T | undefined> {
    const { rows: [row] } = await this.#write(this.#texts.plain(sql), values);
    return row && from(row);
  }

  async returningAll<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T[]> {
    return (await this.#write(this.#texts.plain(sql), values)).rows.map(from);
  }

  insert(
    into: InsertedColumns,
    rows: readonly (readonly ColumnValue[])[],
    end = "",
  ): Promise<void> {
    if (rows.length === 0) return Promise.resolve();
    return this.#send(this.#texts.ofInsert(into, end), columnLists(into, rows));
  }

  async insertReturning<T>(
    from: (row: Row) => T,
    into: InsertedColumns,
    rows: readonly (readonly ColumnValue[])[],
    end: string,
  ): Promise<T[]> {
    if (rows.length === 0) return [];
    const { rows: returned } = await this.#write(
      this.#texts.ofInsert(into, end),
      columnLists(into, rows),
    );
    return returned.map(from);
  }

  /** Sends a statement without waiting for its result: the transaction fails if the statement does. */
  #send(sql: string, values: SqlValue[]): Promise<void> {
    if (this.#hasEnded) return Promise.reject(endedError());
    this.#write(sql, values).catch(() => {});
    return Promise.resolve();
  }

  async #write(sql: string, values: SqlValue[]): Promise<Result> {
    try {
      this.#onWrite();
    } catch (error) {
      throw this.#failure ??= error;
    }
    this.#hasWritten = true;
    return await this.#query(sql, values);
  }

  async #query(sql: string, values: SqlValue[]): Promise<Result> {
    if (this.#hasEnded) throw endedError();
    try {
      return await this.#connection.query(sql, values.map(parameter));
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }
}

function endedError(): FlwrError {
  return new FlwrError("internal", "A statement came after the end of its transaction");
}

/** The values of each column, as an array. */
function columnLists(
  { columns }: InsertedColumns,
  rows: readonly (readonly ColumnValue[])[],
): string[] {
  return columns.map((_, index) => arrayText(rows.map((row) => row[index]!)));
}

/** Translates the statements of the tables to PostgreSQL, each text once. */
export class StatementTexts {
  readonly #plain = new Map<string, string>();
  readonly #ofBytes = new Map<string, string>();
  readonly #ofBytesByKey = new Map<string, string>();
  readonly #ofInsert = new Map<string, string>();

  plain(sql: string): string {
    return cached(this.#plain, sql, toPostgres);
  }

  /** A statement that selects `key` and `bytes`. */
  ofBytesByKey(sql: string): string {
    return cached(
      this.#ofBytesByKey,
      sql,
      (sql) => `SELECT key, encode(bytes, 'base64') AS bytes FROM (${toPostgres(sql)}) AS source`,
    );
  }

  /** A statement that inserts the rows of an array for each column. */
  ofInsert({ table, columns }: InsertedColumns, end: string): string {
    const names = columns.map(([name]) => name).join(", ");
    return cached(this.#ofInsert, `${table} (${names}) ${end}`, (into) => {
      const lists = columns.map(([, type], index) => `$${index + 1}::${ARRAYS[type]}`).join(", ");
      return into.replace(
        ")",
        `) SELECT ${names} FROM unnest(${lists}) WITH ORDINALITY AS new (${names}, nth) ORDER BY nth`,
      ).replace(/^/, "INSERT INTO ");
    });
  }

  /** A statement that selects `bytes`. The result is base64, because the driver reads the server's own form slowly. */
  ofBytes(sql: string): string {
    return cached(
      this.#ofBytes,
      sql,
      (sql) => `SELECT encode(bytes, 'base64') AS bytes FROM (${toPostgres(sql)}) AS source`,
    );
  }
}

/** Numbers the placeholders. */
function toPostgres(sql: string): string {
  let number = 0;
  return sql.replaceAll("IN ?*", "= ANY (?::text[])").replaceAll("IN ?#", "= ANY (?::int8[])")
    .replaceAll("IN ?%", "= ANY (?::bytea[])")
    .replaceAll("?", () => `$${++number}`);
}

function parameter(value: SqlValue): ColumnValue {
  return Array.isArray(value) ? arrayText(value) : value as ColumnValue;
}

/** Writes a list as the text of an array (postgresql.org/docs/current/arrays.html). */
export function arrayText(list: readonly ColumnValue[]): string {
  return `{${list.map(itemText).join(",")}}`;
}

function itemText(value: ColumnValue): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
  return value instanceof Uint8Array ? `"\\\\x${value.toHex()}"` : `${value}`;
}

/** Types of arrays of the values of a column. */
export const ARRAYS = {
  text: "text[]",
  integer: "int8[]",
  real: "float8[]",
  bytes: "bytea[]",
} as const;

function cached(texts: Map<string, string>, sql: string, make: (sql: string) => string): string {
  let text = texts.get(sql);
  if (text === undefined) texts.set(sql, text = make(sql));
  return text;
}
