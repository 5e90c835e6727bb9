import type { PushState } from "../../messages/push_state.ts";
import type { AnnouncedMessage, PushRecord, PushTable } from "../../messages/push_table.ts";
import type { ObjectId } from "../../../entities/object.ts";
import { messageFrom, messageValues, TYPED_MESSAGE_COLUMNS } from "./messages.ts";
import { FlwrError } from "../../../base/error.ts";
import { fromId, id, number, type Row, text } from "./rows.ts";
import type { InsertedColumns, Statements } from "./statements.ts";

const PUSH_OF_SESSION = "(SELECT push FROM push WHERE session_id = ?)";
const ANNOUNCED_COLUMNS: InsertedColumns = {
  table: "announced",
  columns: [...TYPED_MESSAGE_COLUMNS, ["client_app_seconds", "real"], ["push", "integer"]],
};
const PUSH_OBJECT: InsertedColumns = {
  table: "push_object",
  columns: [["push", "integer"], ["object_id", "text"]],
};
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

  async addMessages(announced: readonly AnnouncedMessage[]): Promise<void> {
    for (const [sessionId, messages] of Map.groupBy(announced, ({ sessionId }) => sessionId)) {
      const push = await this.#number(sessionId);
      await this.#sql.insert(
        ANNOUNCED_COLUMNS,
        messages.map(({ message, clientAppSeconds }) => [
          ...messageValues(message),
          clientAppSeconds,
          push,
        ]),
      );
    }
  }

  messages(messageIds: readonly string[]): Promise<AnnouncedMessage[]> {
    if (messageIds.length === 0) return Promise.resolve([]);
    return this.#sql.all(announcedFrom, `${ANNOUNCED} WHERE message_id IN ?*`, messageIds);
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

  async addObjects(sessionId: string, ids: readonly ObjectId[]): Promise<void> {
    if (ids.length === 0) return;
    const push = await this.#number(sessionId);
    await this.#sql.insert(PUSH_OBJECT, ids.map((id) => [push, id]), "ON CONFLICT DO NOTHING");
  }

  hasObject(sessionId: string, id: ObjectId): Promise<boolean> {
    const sql = `SELECT 1 FROM push_object WHERE push = ${PUSH_OF_SESSION} AND object_id = ?`;
    return this.#sql.some(sql, sessionId, id);
  }

  objectsOf(sessionId: string): Promise<ObjectId[]> {
    const sql = `SELECT object_id FROM push_object WHERE push = ${PUSH_OF_SESSION}`;
    return this.#sql.all((row) => text(row, "object_id"), sql, sessionId);
  }

  async areAnnounced(ids: readonly ObjectId[]): Promise<Set<ObjectId>> {
    if (ids.length === 0) return new Set();
    const sql = `SELECT DISTINCT object_id FROM push_object JOIN push USING (push)
      WHERE object_id IN ?* AND state = 'open'`;
    return new Set(await this.#sql.all((row) => text(row, "object_id"), sql, ids));
  }

  /** The number of a push, by which the other tables name it. */
  async #number(sessionId: string): Promise<bigint> {
    const sql = "SELECT push FROM push WHERE session_id = ?";
    return await this.#sql.one((row) => row.push as bigint, sql, sessionId) ??
      missingPush(sessionId);
  }
}

function missingPush(sessionId: string): never {
  throw new FlwrError("internal", `Push "${sessionId}" does not exist`);
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
