import type { FabTable, LogEnd, LogEntry, LogTable } from "../../runs/run_table.ts";
import { bytes, foreignText, fromId, fromText, number, type Row } from "./rows.ts";
import type { Statements } from "./statements.ts";

const LINE_BREAK = 0x0a;
/** SQL expression: the last byte of the entry, or no byte. */
const LAST_BYTE = "substr(text, length(text), 1)";

/** {@link LogTable} in SQL. */
export class SqlLogs implements LogTable {
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
        endsLine: endsLine(row),
      }),
      `SELECT at, end_byte, ${LAST_BYTE} AS last_byte FROM run_log
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
           (SELECT end_byte FROM run_log WHERE run_id = ? AND at > ? ORDER BY at LIMIT 1)
             + CAST(? AS DOUBLE PRECISION)
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
    const isWhole = await this.#sql.one(
      endsLine,
      `SELECT ${LAST_BYTE} AS last_byte FROM run_log
         WHERE run_id = ? AND end_byte <= ? ORDER BY end_byte DESC, at DESC LIMIT 1`,
      id,
      end,
    );
    if (isWhole === undefined) return;
    await this.#sql.run("DELETE FROM run_log WHERE run_id = ? AND end_byte <= ?", id, end);
    if (isWhole) return;
    const [first] = await this.since(runId, 0, 0);
    if (first === undefined) return;
    const sql = "UPDATE run_log SET text = ? WHERE run_id = ? AND at = ?";
    await this.#sql.run(sql, fromText(begin + first.text), id, first.at);
  }

  async removeFirst(runId: bigint, count: number): Promise<boolean> {
    const removed = await this.#sql.count(
      `DELETE FROM run_log WHERE run_id = ? AND at IN (
         SELECT at FROM run_log WHERE run_id = ? ORDER BY at LIMIT ?)`,
      fromId(runId),
      fromId(runId),
      count,
    );
    return removed === count && await this.last(runId) !== undefined;
  }
}

function endsLine(row: Row): boolean {
  return bytes(row, "last_byte")[0] === LINE_BREAK;
}

/** {@link FabTable} in SQL. */
export class SqlFabs implements FabTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  has(hash: string): Promise<boolean> {
    return this.#sql.some("SELECT 1 FROM fab WHERE hash = ?", hash);
  }

  get(hash: string): Promise<Uint8Array | undefined> {
    return this.#sql.bytes("SELECT content AS bytes FROM fab WHERE hash = ?", hash);
  }

  async add(hash: string, content: Uint8Array): Promise<void> {
    await this.#sql.run("INSERT INTO fab (hash, content) VALUES (?, ?)", hash, content);
  }

  async remove(hash: string): Promise<void> {
    await this.#sql.run("DELETE FROM fab WHERE hash = ?", hash);
  }
}
