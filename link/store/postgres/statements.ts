import { FlwrError } from "../../../base/error.ts";
import { type ColumnValue, type Row, type SqlValue, text } from "../sql/rows.ts";
import type { Statements } from "../sql/statements.ts";
import type { Connection, Result } from "./connection.ts";

/** {@link Statements} of one attempt of a transaction. */
export class PostgresStatements implements Statements {
  readonly #connection: Pick<Connection, "query">;
  readonly #texts: StatementTexts;
  #hasEnded = false;
  #failure: unknown;

  constructor(connection: Pick<Connection, "query">, texts: StatementTexts) {
    this.#connection = connection;
    this.#texts = texts;
  }

  /** The error of the first statement that failed. After it, the server refuses all others of the transaction. */
  get failure(): unknown {
    return this.#failure;
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

  async run(sql: string, ...values: SqlValue[]): Promise<number> {
    return (await this.#query(this.#texts.plain(sql), values)).count;
  }

  returning<T>(
    from: (row: Row) => T,
    sql: string,
    ...values: SqlValue[]
  ): Promise<T | undefined> {
    return this.one(from, sql, ...values);
  }

  async #query(sql: string, values: SqlValue[]): Promise<Result> {
    if (this.#hasEnded) {
      throw new FlwrError("internal", "A statement came after the end of its transaction");
    }
    try {
      return await this.#connection.query(sql, values.map(parameter));
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }
}

/** Translates the statements of the tables to PostgreSQL, each text once. */
export class StatementTexts {
  readonly #plain = new Map<string, string>();
  readonly #ofBytes = new Map<string, string>();

  plain(sql: string): string {
    return cached(this.#plain, sql, toPostgres);
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
  return sql.replaceAll("IN ?*", "= ANY (?::text[])").replaceAll("?", () => `$${++number}`);
}

/** Writes a list as the text of an array. */
function parameter(value: SqlValue): ColumnValue {
  if (!Array.isArray(value)) return value as ColumnValue;
  return `{${value.map((item) => `"${item.replaceAll(/["\\]/g, "\\$&")}"`).join(",")}}`;
}

function cached(texts: Map<string, string>, sql: string, make: (sql: string) => string): string {
  let text = texts.get(sql);
  if (text === undefined) texts.set(sql, text = make(sql));
  return text;
}
