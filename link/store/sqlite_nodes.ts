import type { NodeState } from "../../entities/node.ts";
import type { NodeRecord, NodeTable } from "../nodes/node_table.ts";
import {
  bytes,
  foreignText,
  fromId,
  fromText,
  id,
  marks,
  number,
  optional,
  replacing,
  type Row,
  type SqlValue,
  text,
} from "./sqlite_rows.ts";
import type { Statements } from "./sqlite_statements.ts";

const COLUMNS = [
  "node_id",
  "public_key",
  "state",
  "online_until",
  "heartbeat_interval",
  "due_at",
  "registered_by",
  "name",
  "location",
  "registered_at",
  "activated_at",
  "deactivated_at",
  "unregistered_at",
  "wire",
  "join_name",
];

const PASSING = "state <> 'online' AND due_at IS NOT NULL";

/** The nodes in SQLite. */
export class SqliteNodes implements NodeTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  get(nodeId: bigint): Promise<NodeRecord | undefined> {
    return this.#sql.one(nodeFrom, "SELECT * FROM node WHERE node_id = ?", fromId(nodeId));
  }

  byKey(publicKey: Uint8Array): Promise<NodeRecord | undefined> {
    return this.#sql.one(nodeFrom, "SELECT * FROM node WHERE public_key = ?", publicKey);
  }

  async all(): Promise<NodeRecord[]> {
    const nodes = await this.#sql.all(nodeFrom, "SELECT * FROM node");
    // Not by SQLite, which takes ids for signed numbers.
    return nodes.sort((a, b) => a.registeredAt - b.registeredAt || (a.nodeId < b.nodeId ? -1 : 1));
  }

  online(): Promise<NodeRecord[]> {
    return this.#sql.all(nodeFrom, "SELECT * FROM node WHERE state = 'online'");
  }

  absent(): Promise<NodeRecord[]> {
    const sql = `SELECT * FROM node
      WHERE registered_by = 'self' AND state NOT IN ('online', 'unregistered')`;
    return this.#sql.all(nodeFrom, sql);
  }

  async countPassing(): Promise<number> {
    const sql = `SELECT COUNT(*) AS n FROM node WHERE ${PASSING}`;
    return await this.#sql.one((row) => number(row, "n"), sql) ?? 0;
  }

  passing(limit: number): Promise<NodeRecord[]> {
    const sql = `SELECT * FROM node WHERE ${PASSING}
      ORDER BY activated_at IS NOT NULL, due_at LIMIT ?`;
    return this.#sql.all(nodeFrom, sql, limit);
  }

  onlineNames(now: number): Promise<Pick<NodeRecord, "nodeId" | "name" | "joinName">[]> {
    const sql =
      "SELECT node_id, name, join_name FROM node WHERE state = 'online' AND online_until > ?";
    return this.#sql.all(namesFrom, sql, now);
  }

  due(now: number, limit: number): Promise<NodeRecord[]> {
    const sql = "SELECT * FROM node WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    return this.#sql.all(nodeFrom, sql, now, limit);
  }

  async put(node: NodeRecord): Promise<void> {
    await this.#sql.run(
      `INSERT INTO node (${COLUMNS.join(", ")}) VALUES (${marks(COLUMNS)})
         ON CONFLICT (node_id) DO UPDATE SET ${replacing(COLUMNS.slice(1))}`,
      ...nodeValues(node),
    );
  }

  async remove(nodeId: bigint): Promise<void> {
    await this.#sql.run("DELETE FROM node WHERE node_id = ?", fromId(nodeId));
  }
}

function nodeValues(node: NodeRecord): SqlValue[] {
  const { name, location } = node;
  return [
    fromId(node.nodeId),
    node.publicKey ?? null,
    node.state,
    node.onlineUntil,
    node.heartbeatInterval,
    node.dueAt ?? null,
    node.registeredBy,
    name === undefined ? null : fromText(name),
    location === undefined ? null : fromText(location),
    node.registeredAt,
    node.activatedAt ?? null,
    node.deactivatedAt ?? null,
    node.unregisteredAt ?? null,
    node.wire ?? null,
    node.joinName === undefined ? null : fromText(node.joinName),
  ];
}

function namesFrom(row: Row): Pick<NodeRecord, "nodeId" | "name" | "joinName"> {
  return {
    nodeId: id(row, "node_id"),
    ...optional("name", row, "name", foreignText),
    ...optional("joinName", row, "join_name", foreignText),
  };
}

function nodeFrom(row: Row): NodeRecord {
  return {
    ...namesFrom(row),
    ...optional("publicKey", row, "public_key", bytes),
    state: text(row, "state") as NodeState,
    onlineUntil: number(row, "online_until"),
    heartbeatInterval: number(row, "heartbeat_interval"),
    ...optional("dueAt", row, "due_at", number),
    registeredBy: text(row, "registered_by") as NodeRecord["registeredBy"],
    ...optional("location", row, "location", foreignText),
    registeredAt: number(row, "registered_at"),
    ...optional("activatedAt", row, "activated_at", number),
    ...optional("deactivatedAt", row, "deactivated_at", number),
    ...optional("unregisteredAt", row, "unregistered_at", number),
    ...optional("wire", row, "wire", text),
  };
}
