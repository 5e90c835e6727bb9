import type { StatementSync } from "node:sqlite";
import type { LinkMessage, LinkObject, ObjectId } from "../message.ts";
import {
  bytes,
  fromId,
  fromText,
  instructionFrom,
  MESSAGE_COLUMNS,
  messageFrom,
  messageValues,
  nodeFrom,
  nodeValues,
  number,
  type Row,
  runFrom,
  type SqlValue,
  text,
} from "./sqlite_rows.ts";
import type {
  InstructionProgress,
  InstructionRecord,
  LinkTransaction,
  NodeRecord,
  RunRecord,
} from "./store.ts";

const COLUMNS = MESSAGE_COLUMNS.join(", ");
const MARKS = MESSAGE_COLUMNS.map(() => "?").join(", ");

/** The operations of a transaction as SQL statements. Beginning and ending it is the store's. */
export class SqliteTransaction implements LinkTransaction {
  readonly #prepare: (sql: string) => StatementSync;
  readonly #onWrite: () => void;

  /**
   * @param prepare gives the prepared statement of a text, with integers read as bigint
   * @param onWrite called before each statement that writes
   */
  constructor(prepare: (sql: string) => StatementSync, onWrite: () => void) {
    this.#prepare = prepare;
    this.#onWrite = onWrite;
  }

  node(nodeId: bigint): Promise<NodeRecord | undefined> {
    return this.#one(nodeFrom, "SELECT * FROM node WHERE node_id = ?", fromId(nodeId));
  }

  nodeByKey(publicKey: Uint8Array): Promise<NodeRecord | undefined> {
    return this.#one(nodeFrom, "SELECT * FROM node WHERE public_key = ?", publicKey);
  }

  onlineNodes(): Promise<NodeRecord[]> {
    return this.#all(nodeFrom, "SELECT * FROM node WHERE state = 'online'");
  }

  dueNodes(now: number, limit: number): Promise<NodeRecord[]> {
    const sql = "SELECT * FROM node WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    return this.#all(nodeFrom, sql, now, limit);
  }

  putNode(node: NodeRecord): Promise<void> {
    return this.#run(
      `INSERT INTO node VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (node_id) DO UPDATE SET
         public_key = excluded.public_key, state = excluded.state,
         online_until = excluded.online_until,
         heartbeat_interval = excluded.heartbeat_interval, due_at = excluded.due_at`,
      ...nodeValues(node),
    );
  }

  removeNode(nodeId: bigint): Promise<void> {
    return this.#run("DELETE FROM node WHERE node_id = ?", fromId(nodeId));
  }

  run(runId: bigint): Promise<RunRecord | undefined> {
    return this.#one(runFrom, "SELECT * FROM run WHERE run_id = ?", fromId(runId));
  }

  putRun({ runId, fabId, fabVersion, state }: RunRecord): Promise<void> {
    return this.#run(
      `INSERT INTO run VALUES (?, ?, ?, ?) ON CONFLICT (run_id) DO UPDATE SET
         fab_id = excluded.fab_id, fab_version = excluded.fab_version, state = excluded.state`,
      fromId(runId),
      fromText(fabId),
      fromText(fabVersion),
      state,
    );
  }

  addInstruction(instruction: InstructionRecord): Promise<void> {
    const { message, state, deliveries, told, dueAt } = instruction;
    return this.#run(
      `INSERT INTO instruction (${COLUMNS}, state, deliveries, told, due_at)
         VALUES (${MARKS}, ?, ?, ?, ?)`,
      ...messageValues(message),
      state,
      deliveries,
      told ? 1 : 0,
      dueAt,
    );
  }

  instructions(messageIds: readonly string[]): Promise<InstructionRecord[]> {
    return this.#all(
      instructionFrom,
      `SELECT * FROM instruction WHERE message_id IN (SELECT value FROM json_each(?))
         ORDER BY place`,
      JSON.stringify(messageIds),
    );
  }

  openInstructions(nodeId: bigint): Promise<InstructionRecord[]> {
    return this.#all(
      instructionFrom,
      `SELECT * FROM instruction WHERE dst_node_id = ? AND state IN ('waiting', 'handed-out')
         ORDER BY place`,
      fromId(nodeId),
    );
  }

  nextWaiting(
    nodeId: bigint,
    now: number,
    maxDeliveries: number,
  ): Promise<InstructionRecord | undefined> {
    // The first condition on the state is the index's, the second picks from it.
    return this.#one(
      instructionFrom,
      `SELECT * FROM instruction WHERE dst_node_id = ? AND state IN ('waiting', 'handed-out')
         AND state = 'waiting' AND deliveries < ? AND created_at + ttl > ?
         ORDER BY place LIMIT 1`,
      fromId(nodeId),
      maxDeliveries,
      now,
    );
  }

  handedOut(): Promise<InstructionRecord[]> {
    const sql = "SELECT * FROM instruction WHERE state = 'handed-out' ORDER BY place";
    return this.#all(instructionFrom, sql);
  }

  dueInstructions(now: number, limit: number): Promise<InstructionRecord[]> {
    const sql = "SELECT * FROM instruction WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    return this.#all(instructionFrom, sql, now, limit);
  }

  updateInstruction(messageId: string, progress: InstructionProgress): Promise<void> {
    const { state, deliveries, told, dueAt } = progress;
    return this.#run(
      `UPDATE instruction SET state = ?, deliveries = ?, told = ?, due_at = ?
         WHERE message_id = ?`,
      state,
      deliveries,
      told ? 1 : 0,
      dueAt,
      messageId,
    );
  }

  removeInstruction(messageId: string): Promise<void> {
    return this.#run("DELETE FROM instruction WHERE message_id = ?", messageId);
  }

  replies(instructionIds: readonly string[]): Promise<LinkMessage[]> {
    return this.#all(
      messageFrom,
      "SELECT * FROM reply WHERE reply_to_message_id IN (SELECT value FROM json_each(?))",
      JSON.stringify(instructionIds),
    );
  }

  putReply(reply: LinkMessage): Promise<void> {
    return this.#run(
      `INSERT OR REPLACE INTO reply (${COLUMNS}) VALUES (${MARKS})`,
      ...messageValues(reply),
    );
  }

  hasObject(id: ObjectId): Promise<boolean> {
    return this.#one(() => true, "SELECT 1 FROM object WHERE object_id = ?", id)
      .then((found) => found ?? false);
  }

  async object(id: ObjectId): Promise<LinkObject | undefined> {
    const sql = "SELECT bytes FROM object_bytes WHERE object_id = ?";
    const content = await this.#one((row) => bytes(row, "bytes"), sql, id);
    return content && { id, bytes: content, children: await this.childrenOf(id) };
  }

  childrenOf(id: ObjectId): Promise<readonly ObjectId[]> {
    const sql = "SELECT child FROM object_child WHERE parent = ? ORDER BY position";
    return this.#all((row) => text(row, "child"), sql, id);
  }

  async addObject({ id, bytes, children }: LinkObject): Promise<void> {
    await this.#run("INSERT INTO object VALUES (?, 0)", id);
    await this.#run("INSERT INTO object_bytes VALUES (?, ?)", id, bytes);
    for (const [position, child] of children.entries()) {
      await this.#run("INSERT INTO object_child VALUES (?, ?, ?)", id, position, child);
    }
  }

  async addReferences(id: ObjectId, delta: 1 | -1): Promise<number> {
    this.#onWrite();
    const sql = "UPDATE object SET refs = refs + ? WHERE object_id = ? RETURNING refs";
    return await this.#one((row) => number(row, "refs"), sql, delta, id) ?? 0;
  }

  removeObject(id: ObjectId): Promise<void> {
    return this.#run("DELETE FROM object WHERE object_id = ?", id);
  }

  nextDue(): Promise<number | undefined> {
    return this.#one(
      (row) => row.due_at === null ? undefined : number(row, "due_at"),
      `SELECT min(due_at) AS due_at FROM (
         SELECT min(due_at) AS due_at FROM node WHERE due_at IS NOT NULL
         UNION ALL SELECT min(due_at) FROM instruction)`,
    );
  }

  #one<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T | undefined> {
    return promised(() => {
      const row = this.#prepare(sql).get(...values) as Row | undefined;
      return row && from(row);
    });
  }

  #all<T>(from: (row: Row) => T, sql: string, ...values: SqlValue[]): Promise<T[]> {
    return promised(() => (this.#prepare(sql).all(...values) as Row[]).map(from));
  }

  #run(sql: string, ...values: SqlValue[]): Promise<void> {
    return promised(() => {
      this.#onWrite();
      this.#prepare(sql).run(...values);
    });
  }
}

/** The outcome of work that is done at once, as a promise. */
function promised<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}
