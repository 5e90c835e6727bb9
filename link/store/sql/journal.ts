import type { JournalKind, JournalRecord } from "../../../entities/journal.ts";
import type { AddedRecord, JournalTable, RunRecords } from "../../journal/journal_table.ts";
import {
  type ColumnValue,
  foreignText,
  fromId,
  fromText,
  id,
  number,
  optional,
  type Row,
  text,
} from "./rows.ts";
import type { InsertedColumns, Statements } from "./statements.ts";

const COLUMNS = "sequence, at, kind, run_id, node_id, is_detail, data";
const INTO: InsertedColumns = {
  table: "journal",
  columns: [
    ["sequence", "integer"],
    ["at", "real"],
    ["kind", "text"],
    ["run_id", "integer"],
    ["node_id", "integer"],
    ["is_detail", "integer"],
    ["data", "bytes"],
  ],
};
/** Takes the next sequence: the given one, unless the table has reached it. */
const ADD = `INSERT INTO journal (${COLUMNS}) VALUES (
  (SELECT CASE WHEN max(sequence) >= ? THEN max(sequence) + 1 ELSE ? END FROM journal),
  ?, ?, ?, ?, ?, ?)`;

/** {@link JournalTable} in SQL. */
export class SqlJournal implements JournalTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  async add(records: readonly AddedRecord[], from: number): Promise<void> {
    const [first, ...more] = records;
    if (first === undefined) return;
    const values = [BigInt(from), BigInt(from), ...valuesOf(first)];
    // One record is the common case, and no answer is waited for.
    if (more.length === 0) return await this.#sql.run(ADD, ...values);
    const sequence = await this.#sql.returning(
      (row) => number(row, "sequence"),
      `${ADD} RETURNING sequence`,
      ...values,
    );
    const rows = more.map((record, place) => [BigInt(sequence! + 1 + place), ...valuesOf(record)]);
    await this.#sql.insert(INTO, rows);
  }

  since(after: number, limit: number, runId?: bigint): Promise<JournalRecord[]> {
    const where = runId === undefined ? "" : "run_id = ? AND";
    return this.#sql.all(
      recordOf,
      `SELECT ${COLUMNS} FROM journal WHERE ${where} sequence > ? ORDER BY sequence LIMIT ?`,
      ...runId === undefined ? [] : [fromId(runId)],
      BigInt(after),
      limit,
    );
  }

  before(before: number, limit: number, runId?: bigint): Promise<JournalRecord[]> {
    const where = runId === undefined ? "" : "run_id = ? AND";
    return this.#sql.all(
      recordOf,
      `SELECT ${COLUMNS} FROM journal WHERE ${where} sequence < ? ORDER BY sequence DESC LIMIT ?`,
      ...runId === undefined ? [] : [fromId(runId)],
      BigInt(before),
      limit,
    );
  }

  counts(): Promise<RunRecords[]> {
    return this.#sql.all(
      (row) => {
        const [all, details] = [number(row, "records"), number(row, "details")];
        return { ...optional("runId", row, "run_id", id), details, others: all - details };
      },
      `SELECT run_id, count(*) AS records, CAST(sum(is_detail) AS BIGINT) AS details
         FROM journal GROUP BY run_id`,
    );
  }

  async bytes(runId: bigint): Promise<number> {
    const [bytes] = await this.#sql.all(
      (row) => number(row, "bytes"),
      `SELECT CAST(COALESCE(sum(length(data)), 0) AS BIGINT) AS bytes FROM journal WHERE run_id = ?`,
      fromId(runId),
    );
    return bytes!;
  }

  removeOldest(
    { runId, isDetail }: { readonly runId?: bigint; readonly isDetail: boolean },
    limit: number,
  ): Promise<number> {
    return this.#sql.count(
      `DELETE FROM journal WHERE sequence IN (SELECT sequence FROM journal
         WHERE run_id ${runId === undefined ? "IS NULL" : "= ?"} AND is_detail = ?
         ORDER BY sequence LIMIT ?)`,
      ...runId === undefined ? [] : [fromId(runId)],
      isDetail ? 1 : 0,
      limit,
    );
  }

  removeFirst(limit: number): Promise<number> {
    return this.#sql.count(
      `DELETE FROM journal WHERE sequence IN (
         SELECT sequence FROM journal ORDER BY sequence LIMIT ?)`,
      limit,
    );
  }

  removeRun(runId: bigint, limit: number): Promise<number> {
    return this.#sql.count(
      `DELETE FROM journal WHERE sequence IN (
         SELECT sequence FROM journal WHERE run_id = ? ORDER BY sequence LIMIT ?)`,
      fromId(runId),
      limit,
    );
  }
}

/** The values of all columns but the first. */
function valuesOf({ at, kind, runId, nodeId, isDetail, data }: AddedRecord): ColumnValue[] {
  return [
    at,
    kind,
    runId === undefined ? null : fromId(runId),
    nodeId === undefined ? null : fromId(nodeId),
    isDetail ? 1 : 0,
    fromText(JSON.stringify(data)),
  ];
}

function recordOf(row: Row): JournalRecord {
  return {
    sequence: number(row, "sequence"),
    at: number(row, "at"),
    kind: text(row, "kind") as JournalKind,
    ...optional("runId", row, "run_id", id),
    ...optional("nodeId", row, "node_id", id),
    data: JSON.parse(foreignText(row, "data")),
  } as JournalRecord;
}
