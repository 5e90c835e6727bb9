import type { FabTable, LogEnd, LogEntry, LogTable } from "../runs/run_table.ts";
import { bytes, foreignText, fromId, fromText, number } from "./sqlite_rows.ts";
import type { Statements } from "./sqlite_statements.ts";

/** SQL condition: the entry ends with a line break. */
const ENDS_LINE = "substr(text, -1) = x'0a'";

/** {@link LogTable} in SQLite. */
export class SqliteLogs implements LogTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  async size(runId: bigint): Promise<number> {
    const start = await this.#sql.one(
      (row) => number(row, "start"),
      "SELECT end_byte - length(text) AS start FROM run_log WHERE run_id = ? ORDER BY at LIMIT 1",
      fromId(runId),
    );
    return start === undefined ? 0 : (await this.last(runId))!.end - start;
  }

  last(runId: bigint): Promise<LogEnd | undefined> {
    return this.#sql.one(
      (row) => ({
        at: number(row, "at"),
        end: number(row, "end_byte"),
        endsLine: number(row, "ends_line") === 1,
      }),
      `SELECT at, end_byte, ${ENDS_LINE} AS ends_line FROM run_log
         WHERE run_id = ? ORDER BY at DESC LIMIT 1`,
      fromId(runId),
    );
  }

  since(runId: bigint, after: number, bytes = Infinity): Promise<LogEntry[]> {
    return this.#sql.all(
      (row) => ({
        at: number(row, "at"),
        end: number(row, "end_byte"),
        text: foreignText(row, "text"),
      }),
      `SELECT at, end_byte, text FROM run_log WHERE run_id = ? AND at > ? AND end_byte <=
           (SELECT end_byte FROM run_log WHERE run_id = ? AND at > ? ORDER BY at LIMIT 1) + ?
         ORDER BY at`,
      fromId(runId),
      after,
      fromId(runId),
      after,
      bytes,
    );
  }

  async add(runId: bigint, { at, end, text }: LogEntry): Promise<void> {
    const sql = "INSERT INTO run_log (run_id, at, end_byte, text) VALUES (?, ?, ?, ?)";
    await this.#sql.run(sql, fromId(runId), at, end, fromText(text));
  }

  async trim(runId: bigint, end: number, begin: string): Promise<void> {
    const id = fromId(runId);
    const endsLine = await this.#sql.one(
      (row) => number(row, "ends_line") === 1,
      `SELECT ${ENDS_LINE} AS ends_line FROM run_log
         WHERE run_id = ? AND end_byte <= ? ORDER BY end_byte DESC, at DESC LIMIT 1`,
      id,
      end,
    );
    if (endsLine === undefined) return;
    await this.#sql.run("DELETE FROM run_log WHERE run_id = ? AND end_byte <= ?", id, end);
    if (endsLine) return;
    const [first] = await this.since(runId, 0, 0);
    if (first === undefined) return;
    const sql = "UPDATE run_log SET text = ? WHERE run_id = ? AND at = ?";
    await this.#sql.run(sql, fromText(begin + first.text), id, first.at);
  }

  async removeFirst(runId: bigint, count: number): Promise<boolean> {
    const removed = await this.#sql.run(
      `DELETE FROM run_log WHERE rowid IN (
         SELECT rowid FROM run_log WHERE run_id = ? ORDER BY at LIMIT ?)`,
      fromId(runId),
      count,
    );
    return removed === count && await this.last(runId) !== undefined;
  }
}

/** {@link FabTable} in SQLite. */
export class SqliteFabs implements FabTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  has(hash: string): Promise<boolean> {
    return this.#sql.some("SELECT 1 FROM fab WHERE hash = ?", hash);
  }

  get(hash: string): Promise<Uint8Array | undefined> {
    const sql = "SELECT content FROM fab WHERE hash = ?";
    return this.#sql.one((row) => bytes(row, "content"), sql, hash);
  }

  async add(hash: string, content: Uint8Array): Promise<void> {
    await this.#sql.run("INSERT INTO fab (hash, content) VALUES (?, ?)", hash, content);
  }

  async remove(hash: string): Promise<void> {
    await this.#sql.run("DELETE FROM fab WHERE hash = ?", hash);
  }
}
