import type { ObjectId } from "../../../entities/object.ts";
import type { StrayReplyRecord, StrayReplyTable } from "../../objects/stray_reply_table.ts";
import { bytes, fromId, id, number, type Row, text } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** {@link StrayReplyTable} in SQL. */
export class SqlStrayReplies implements StrayReplyTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  get(objectId: ObjectId): Promise<StrayReplyRecord | undefined> {
    return this.#sql.one(strayFrom, "SELECT * FROM stray_reply WHERE object_id = ?", objectId);
  }

  async put({ objectId, runId, bytes, dueAt }: StrayReplyRecord): Promise<void> {
    await this.#sql.run(
      `INSERT INTO stray_reply (object_id, run_id, bytes, due_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (object_id) DO UPDATE
         SET run_id = excluded.run_id, bytes = excluded.bytes, due_at = excluded.due_at`,
      objectId,
      fromId(runId),
      bytes,
      dueAt,
    );
  }

  async keep(most: number): Promise<void> {
    await this.#sql.run(
      `DELETE FROM stray_reply WHERE object_id IN
         (SELECT object_id FROM stray_reply ORDER BY due_at DESC LIMIT ? OFFSET ?)`,
      Number.MAX_SAFE_INTEGER,
      most,
    );
  }

  due(now: number, limit: number): Promise<StrayReplyRecord[]> {
    const sql = "SELECT * FROM stray_reply WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    return this.#sql.all(strayFrom, sql, now, limit);
  }

  async remove(objectId: ObjectId): Promise<void> {
    await this.#sql.run("DELETE FROM stray_reply WHERE object_id = ?", objectId);
  }
}

function strayFrom(row: Row): StrayReplyRecord {
  return {
    objectId: text(row, "object_id"),
    runId: id(row, "run_id"),
    bytes: bytes(row, "bytes"),
    dueAt: number(row, "due_at"),
  };
}
