import type { InstructionState } from "../../messages/instruction_state.ts";
import type { LinkMessage } from "../../../entities/message.ts";
import type {
  InstructionProgress,
  InstructionRecord,
  InstructionTable,
  ReplyTable,
  UnansweredInstructions,
} from "../../messages/message_tables.ts";
import {
  type ColumnValue,
  foreignText,
  fromId,
  fromText,
  id,
  number,
  optional,
  placeholders,
  type Row,
  type SqlValue,
  text,
  updateAssignments,
} from "./rows.ts";
import type { InsertedColumn, InsertedColumns, Statements } from "./statements.ts";

/** Columns of every message table, with their values. */
const MESSAGE: Readonly<Record<string, (message: LinkMessage) => ColumnValue>> = {
  message_id: ({ messageId }) => messageId,
  run_id: ({ runId }) => fromId(runId),
  src_node_id: ({ srcNodeId }) => fromId(srcNodeId),
  dst_node_id: ({ dstNodeId }) => fromId(dstNodeId),
  reply_to_message_id: ({ replyToMessageId }) => replyToMessageId,
  group_id: ({ groupId }) => fromText(groupId),
  message_type: ({ messageType }) => fromText(messageType),
  created_at: ({ createdAt }) => createdAt,
  pushed_at: ({ pushedAt }) => pushedAt,
  ttl: ({ ttl }) => ttl,
  content: ({ content }) => content ?? null,
  error_code: ({ error }) => error?.code ?? null,
  error_reason: ({ error }) => error ? fromText(error.reason) : null,
};

/** Types of the message columns that are not text. */
const TYPES: Readonly<Record<string, InsertedColumn[1]>> = {
  run_id: "integer",
  src_node_id: "integer",
  dst_node_id: "integer",
  group_id: "bytes",
  message_type: "bytes",
  created_at: "real",
  pushed_at: "real",
  ttl: "real",
  error_code: "integer",
  error_reason: "bytes",
};

/** Columns of every message table, in the order of {@link messageValues}. */
export const MESSAGE_COLUMNS: readonly string[] = Object.keys(MESSAGE);
/** {@link MESSAGE_COLUMNS} with the types of their values. */
export const TYPED_MESSAGE_COLUMNS: readonly InsertedColumn[] = MESSAGE_COLUMNS.map((name) => [
  name,
  TYPES[name] ?? "text",
]);
const INSTRUCTION: InsertedColumns = {
  table: "instruction",
  columns: [
    ...TYPED_MESSAGE_COLUMNS,
    ["state", "text"],
    ["holder", "integer"],
    ["deliveries", "integer"],
    ["told", "integer"],
    ["due_at", "real"],
    ["handed_out_at", "real"],
  ],
};
const MESSAGE_VALUES = Object.values(MESSAGE);
const COLUMNS = MESSAGE_COLUMNS.join(", ");
const OPEN = "state IN ('waiting', 'handed-out')";

/** {@link InstructionTable} in SQL. */
export class SqlInstructions implements InstructionTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  async addAll(instructions: readonly InstructionRecord[]): Promise<void> {
    await this.#sql.insert(
      INSTRUCTION,
      instructions.map((
        { message, state, holder, deliveries, replyPulled, dueAt, handedOutAt },
      ) => [
        ...messageValues(message),
        state,
        holder === undefined ? null : fromId(holder),
        deliveries,
        replyPulled ? 1 : 0,
        dueAt,
        handedOutAt ?? null,
      ]),
    );
  }

  get(messageIds: readonly string[]): Promise<InstructionRecord[]> {
    const [only, ...more] = messageIds;
    if (only === undefined) return Promise.resolve([]);
    if (more.length === 0) {
      return this.#all("SELECT * FROM instruction WHERE message_id = ?", only);
    }
    return this.#all(
      "SELECT * FROM instruction WHERE message_id IN ?* ORDER BY place",
      messageIds,
    );
  }

  openOf(nodeId: bigint): Promise<InstructionRecord[]> {
    const sql = `SELECT * FROM instruction WHERE dst_node_id = ? AND ${OPEN} ORDER BY place`;
    return this.#all(sql, fromId(nodeId));
  }

  handedOutTo(nodeId: bigint): Promise<InstructionRecord[]> {
    return this.#all(
      "SELECT * FROM instruction WHERE dst_node_id = ? AND state = 'handed-out' ORDER BY place",
      fromId(nodeId),
    );
  }

  handedTo(nodeId: bigint, runId: bigint): Promise<LinkMessage[]> {
    return this.#sql.all(
      messageFrom,
      `SELECT ${COLUMNS} FROM instruction WHERE dst_node_id = ? AND ${OPEN}
         AND +run_id = ? AND deliveries > 0 ORDER BY place`,
      fromId(nodeId),
      fromId(runId),
    );
  }

  nextWaiting(
    nodeId: bigint,
    now: number,
    maxDeliveries: number,
  ): Promise<InstructionRecord | undefined> {
    // The first condition on the state selects the index; the second filters its rows.
    return this.#sql.one(
      instructionFrom,
      `SELECT * FROM instruction WHERE dst_node_id = ? AND ${OPEN}
         AND state = 'waiting' AND deliveries < ? AND created_at + ttl > ?
         ORDER BY place LIMIT 1`,
      fromId(nodeId),
      maxDeliveries,
      now,
    );
  }

  waitingFor(nodeIds: readonly bigint[]): Promise<bigint[]> {
    return this.#sql.all(
      (row) => id(row, "dst_node_id"),
      `SELECT DISTINCT dst_node_id FROM instruction WHERE ${OPEN} AND state = 'waiting'
         AND dst_node_id IN ?#`,
      nodeIds.map(fromId),
    );
  }

  unanswered(): Promise<UnansweredInstructions[]> {
    return this.#sql.all(
      (row) => ({ runId: id(row, "run_id"), count: number(row, "count") }),
      `SELECT run_id, COUNT(*) AS count FROM instruction WHERE ${OPEN} GROUP BY run_id ORDER BY run_id`,
    );
  }

  handedOut(holder?: bigint): Promise<InstructionRecord[]> {
    const sql = "SELECT * FROM instruction WHERE state = 'handed-out'";
    // The index of handed-out instructions has few rows, so the holder needs none of its own.
    return holder === undefined
      ? this.#all(`${sql} ORDER BY place`)
      : this.#all(`${sql} AND holder = ? ORDER BY place`, fromId(holder));
  }

  ofRun(runId: bigint): Promise<InstructionRecord[]> {
    return this.#all("SELECT * FROM instruction WHERE run_id = ? ORDER BY place", fromId(runId));
  }

  due(now: number, limit: number): Promise<InstructionRecord[]> {
    const sql = "SELECT * FROM instruction WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    return this.#all(sql, now, limit);
  }

  async update(messageId: string, progress: InstructionProgress): Promise<void> {
    const { state, holder, deliveries, replyPulled, dueAt, handedOutAt } = progress;
    await this.#sql.run(
      `UPDATE instruction SET state = ?, holder = ?, deliveries = ?, told = ?, due_at = ?,
           handed_out_at = ?
         WHERE message_id = ?`,
      state,
      holder === undefined ? null : fromId(holder),
      deliveries,
      replyPulled ? 1 : 0,
      dueAt,
      handedOutAt ?? null,
      messageId,
    );
  }

  async remove(messageId: string): Promise<void> {
    await this.#sql.run("DELETE FROM instruction WHERE message_id = ?", messageId);
  }

  #all(sql: string, ...values: SqlValue[]): Promise<InstructionRecord[]> {
    return this.#sql.all(instructionFrom, sql, ...values);
  }
}

/** {@link ReplyTable} in SQL. */
export class SqlReplies implements ReplyTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  to(instructionIds: readonly string[]): Promise<LinkMessage[]> {
    const [only, ...more] = instructionIds;
    if (only === undefined) return Promise.resolve([]);
    return more.length === 0
      ? this.#sql.all(messageFrom, "SELECT * FROM reply WHERE reply_to_message_id = ?", only)
      : this.#sql.all(
        messageFrom,
        "SELECT * FROM reply WHERE reply_to_message_id IN ?*",
        instructionIds,
      );
  }

  get(messageId: string): Promise<LinkMessage | undefined> {
    return this.#sql.one(messageFrom, "SELECT * FROM reply WHERE message_id = ?", messageId);
  }

  withIds(messageIds: readonly string[]): Promise<LinkMessage[]> {
    if (messageIds.length === 0) return Promise.resolve([]);
    const sql = "SELECT * FROM reply WHERE message_id IN ?*";
    return this.#sql.all(messageFrom, sql, messageIds);
  }

  async put(reply: LinkMessage): Promise<void> {
    await this.#sql.run(
      `INSERT INTO reply (${COLUMNS}) VALUES (${placeholders(MESSAGE_COLUMNS)})
         ON CONFLICT (reply_to_message_id) DO UPDATE SET ${updateAssignments(MESSAGE_COLUMNS)}`,
      ...messageValues(reply),
    );
  }
}

/** The column values of a message, in the order of {@link MESSAGE_COLUMNS}. */
export function messageValues(message: LinkMessage): ColumnValue[] {
  return MESSAGE_VALUES.map((valueOf) => valueOf(message));
}

/** Reads a message from a row with {@link MESSAGE_COLUMNS}. */
export function messageFrom(row: Row): LinkMessage {
  return {
    messageId: text(row, "message_id"),
    runId: id(row, "run_id"),
    srcNodeId: id(row, "src_node_id"),
    dstNodeId: id(row, "dst_node_id"),
    replyToMessageId: text(row, "reply_to_message_id"),
    groupId: foreignText(row, "group_id"),
    messageType: foreignText(row, "message_type"),
    createdAt: number(row, "created_at"),
    pushedAt: number(row, "pushed_at"),
    ttl: number(row, "ttl"),
    ...(row.content === null
      ? { error: { code: number(row, "error_code"), reason: foreignText(row, "error_reason") } }
      : { content: text(row, "content") }),
  };
}

function instructionFrom(row: Row): InstructionRecord {
  return {
    message: messageFrom(row),
    state: text(row, "state") as InstructionState,
    ...optional("holder", row, "holder", id),
    deliveries: number(row, "deliveries"),
    replyPulled: number(row, "told") === 1,
    dueAt: number(row, "due_at"),
    ...optional("handedOutAt", row, "handed_out_at", number),
  };
}
