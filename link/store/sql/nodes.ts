import type { NodeState } from "../../../entities/node.ts";
import type { NodeRecord, NodeTable } from "../../nodes/node_table.ts";
import {
  BYTES,
  column,
  FOREIGN_TEXT,
  ID,
  NUMBER,
  optionalColumn,
  ownText,
  RecordColumns,
} from "./columns.ts";
import {
  foreignText,
  fromId,
  id,
  number,
  optional,
  placeholders,
  type Row,
  updateAssignments,
} from "./rows.ts";
import type { InsertedColumns, Statements } from "./statements.ts";

const NODE = new RecordColumns<NodeRecord>({
  nodeId: column("node_id", ID),
  publicKey: optionalColumn("public_key", BYTES),
  state: column("state", ownText<NodeState>()),
  onlineUntil: column("online_until", NUMBER),
  heartbeatInterval: column("heartbeat_interval", NUMBER),
  registeredBy: column("registered_by", ownText<NodeRecord["registeredBy"]>()),
  name: optionalColumn("name", FOREIGN_TEXT),
  location: optionalColumn("location", FOREIGN_TEXT),
  registeredAt: column("registered_at", NUMBER),
  activatedAt: optionalColumn("activated_at", NUMBER),
  deactivatedAt: optionalColumn("deactivated_at", NUMBER),
  unregisteredAt: optionalColumn("unregistered_at", NUMBER),
  wire: optionalColumn("wire", ownText()),
  joinName: optionalColumn("join_name", FOREIGN_TEXT),
  session: optionalColumn("session", ownText()),
  joins: column("joins", NUMBER),
  ownerId: optionalColumn("owner_id", FOREIGN_TEXT),
  ownerName: optionalColumn("owner_name", FOREIGN_TEXT),
  dueAt: optionalColumn("due_at", NUMBER),
});

const INTO: InsertedColumns = { table: "node", columns: NODE.inserted };
const OR_REPLACE = `ON CONFLICT (node_id) DO UPDATE SET ${updateAssignments(NODE.names.slice(1))}`;

const FORGETTABLE = "state <> 'online' AND due_at IS NOT NULL";

/** {@link NodeTable} in SQL. */
export class SqlNodes implements NodeTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  get(nodeId: bigint): Promise<NodeRecord | undefined> {
    return this.#sql.one(nodeFrom, "SELECT * FROM node WHERE node_id = ?", fromId(nodeId));
  }

  withIds(nodeIds: readonly bigint[]): Promise<NodeRecord[]> {
    if (nodeIds.length === 0) return Promise.resolve([]);
    return this.#sql.all(nodeFrom, "SELECT * FROM node WHERE node_id IN ?#", nodeIds.map(fromId));
  }

  byKey(publicKey: Uint8Array): Promise<NodeRecord | undefined> {
    return this.#sql.one(nodeFrom, "SELECT * FROM node WHERE public_key = ?", publicKey);
  }

  withKeys(publicKeys: readonly Uint8Array[]): Promise<NodeRecord[]> {
    if (publicKeys.length === 0) return Promise.resolve([]);
    return this.#sql.all(nodeFrom, "SELECT * FROM node WHERE public_key IN ?%", publicKeys);
  }

  async all(): Promise<NodeRecord[]> {
    const nodes = await this.#sql.all(nodeFrom, "SELECT * FROM node");
    // Sorted here, because the database compares ids as signed numbers.
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

  async countForgettable(): Promise<number> {
    const sql = `SELECT COUNT(*) AS n FROM node WHERE ${FORGETTABLE}`;
    return await this.#sql.one((row) => number(row, "n"), sql) ?? 0;
  }

  forgettable(limit: number): Promise<NodeRecord[]> {
    const sql = `SELECT * FROM node WHERE ${FORGETTABLE}
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
      `INSERT INTO node (${NODE.names.join(", ")}) VALUES (${placeholders(NODE.names)})
         ${OR_REPLACE}`,
      ...NODE.values(node),
    );
  }

  async putAll(nodes: readonly NodeRecord[]): Promise<void> {
    await this.#sql.insert(INTO, nodes.map((node) => NODE.values(node)), OR_REPLACE);
  }

  async remove(nodeId: bigint): Promise<void> {
    await this.#sql.run("DELETE FROM node WHERE node_id = ?", fromId(nodeId));
  }
}

function namesFrom(row: Row): Pick<NodeRecord, "nodeId" | "name" | "joinName"> {
  return {
    nodeId: id(row, "node_id"),
    ...optional("name", row, "name", foreignText),
    ...optional("joinName", row, "join_name", foreignText),
  };
}

function nodeFrom(row: Row): NodeRecord {
  return NODE.record(row);
}
