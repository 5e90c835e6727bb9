import type { PushState } from "../../messages/push_state.ts";
import type { AnnouncedMessage, PushRecord, PushTable } from "../../messages/push_table.ts";
import type { ObjectId } from "../../../entities/object.ts";
import { MESSAGE_COLUMNS, messageFrom, messageValues } from "./messages.ts";
import { fromId, id, number, placeholders, type Row, text } from "./rows.ts";
import type { Statements } from "./statements.ts";

const PUSH_OF_SESSION = "(SELECT push FROM push WHERE session_id = ?)";
const ANNOUNCED = "SELECT announced.*, session_id FROM announced JOIN push USING (push)";

/** {@link PushTable} in SQL. */
export class SqlPushes implements PushTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  get(sessionId: string): Promise<PushRecord | undefined> {
    return this.#sql.one(pushFrom, "SELECT * FROM push WHERE session_id = ?", sessionId);
  }

  of(nodeId: bigint, runId: bigint): Promise<PushRecord[]> {
    const sql = "SELECT * FROM push WHERE node_id = ? AND run_id = ?";
    return this.#sql.all(pushFrom, sql, fromId(nodeId), fromId(runId));
  }

  ofNode(nodeId: bigint): Promise<PushRecord[]> {
    return this.#sql.all(pushFrom, "SELECT * FROM push WHERE node_id = ?", fromId(nodeId));
  }

  ofRun(runId: bigint): Promise<PushRecord[]> {
    return this.#sql.all(pushFrom, "SELECT * FROM push WHERE run_id = ?", fromId(runId));
  }

  open(): Promise<PushRecord[]> {
    return this.#sql.all(pushFrom, "SELECT * FROM push WHERE state = 'open'");
  }

  due(now: number, limit: number): Promise<PushRecord[]> {
    const sql = "SELECT * FROM push WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    return this.#sql.all(pushFrom, sql, now, limit);
  }

  async put(push: PushRecord): Promise<void> {
    const { sessionId, nodeId, runId, state, stagedBytes, dueAt } = push;
    await this.#sql.run(
      `INSERT INTO push (session_id, node_id, run_id, state, staged_bytes, due_at)
         VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (session_id) DO UPDATE
         SET state = excluded.state, staged_bytes = excluded.staged_bytes, due_at = excluded.due_at`,
      sessionId,
      fromId(nodeId),
      fromId(runId),
      state,
      stagedBytes,
      dueAt,
    );
  }

  async remove(sessionId: string): Promise<void> {
    await this.#sql.run("DELETE FROM push WHERE session_id = ?", sessionId);
  }

  async addMessage({ sessionId, message, clientAppSeconds }: AnnouncedMessage): Promise<void> {
    await this.#sql.run(
      `INSERT INTO announced (${MESSAGE_COLUMNS.join(", ")}, client_app_seconds, push)
         VALUES (${placeholders(MESSAGE_COLUMNS)}, ?, ${PUSH_OF_SESSION})`,
      ...messageValues(message),
      clientAppSeconds,
      sessionId,
    );
  }

  message(messageId: string): Promise<AnnouncedMessage | undefined> {
    return this.#sql.one(announcedFrom, `${ANNOUNCED} WHERE message_id = ?`, messageId);
  }

  messagesOf(sessionId: string): Promise<AnnouncedMessage[]> {
    const sql = `${ANNOUNCED} WHERE push = ${PUSH_OF_SESSION} ORDER BY announced.rowid`;
    return this.#sql.all(announcedFrom, sql, sessionId);
  }

  hasMessages(sessionId: string): Promise<boolean> {
    return this.#sql.some(`SELECT 1 FROM announced WHERE push = ${PUSH_OF_SESSION}`, sessionId);
  }

  async removeMessage(messageId: string): Promise<void> {
    await this.#sql.run("DELETE FROM announced WHERE message_id = ?", messageId);
  }

  async addObject(sessionId: string, id: ObjectId): Promise<boolean> {
    const sql =
      `INSERT INTO push_object (push, object_id) VALUES (${PUSH_OF_SESSION}, ?) ON CONFLICT DO NOTHING`;
    return await this.#sql.run(sql, sessionId, id) > 0;
  }

  hasObject(sessionId: string, id: ObjectId): Promise<boolean> {
    const sql = `SELECT 1 FROM push_object WHERE push = ${PUSH_OF_SESSION} AND object_id = ?`;
    return this.#sql.some(sql, sessionId, id);
  }

  objectsOf(sessionId: string): Promise<ObjectId[]> {
    const sql = `SELECT object_id FROM push_object WHERE push = ${PUSH_OF_SESSION}`;
    return this.#sql.all((row) => text(row, "object_id"), sql, sessionId);
  }

  isAnnounced(id: ObjectId): Promise<boolean> {
    const sql = `SELECT 1 FROM push_object JOIN push USING (push)
      WHERE object_id = ? AND state = 'open'`;
    return this.#sql.some(sql, id);
  }
}

function pushFrom(row: Row): PushRecord {
  return {
    sessionId: text(row, "session_id"),
    nodeId: id(row, "node_id"),
    runId: id(row, "run_id"),
    state: text(row, "state") as PushState,
    stagedBytes: number(row, "staged_bytes"),
    dueAt: number(row, "due_at"),
  };
}

function announcedFrom(row: Row): AnnouncedMessage {
  return {
    sessionId: text(row, "session_id"),
    message: messageFrom(row),
    clientAppSeconds: number(row, "client_app_seconds"),
  };
}
