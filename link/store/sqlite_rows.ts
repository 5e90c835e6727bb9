import { FlwrError } from "../../base/error.ts";
import type { InstructionState } from "../instruction_state.ts";
import type { LinkMessage } from "../message.ts";
import type { NodeState } from "../node_state.ts";
import type { RunState } from "../run_state.ts";
import type { InstructionRecord, NodeRecord, RunRecord } from "./store.ts";

/** A value of a SQLite column; integers are read as bigint, because a number cannot hold all of them. */
export type SqlValue = string | number | bigint | Uint8Array | null;
/** A row by column name. */
export type Row = Readonly<Record<string, SqlValue | undefined>>;

/** An unsigned 64-bit id as SQLite's signed integer. */
export function fromId(id: bigint): bigint {
  if (BigInt.asUintN(64, id) !== id) {
    throw new FlwrError("internal", `Id is not an unsigned 64-bit integer: "${id}"`);
  }
  return BigInt.asIntN(64, id);
}

/** Text that others chose, as its UTF-8 bytes. */
export function fromText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The columns of a node, in the order of {@link nodeFrom}'s table. */
export function nodeValues(node: NodeRecord): SqlValue[] {
  return [
    fromId(node.nodeId),
    node.publicKey ?? null,
    node.state,
    node.onlineUntil,
    node.heartbeatInterval,
    node.dueAt ?? null,
  ];
}

export function nodeFrom(row: Row): NodeRecord {
  const publicKey = row.public_key;
  return {
    nodeId: id(row, "node_id"),
    ...(publicKey instanceof Uint8Array && { publicKey }),
    state: text(row, "state") as NodeState,
    onlineUntil: number(row, "online_until"),
    heartbeatInterval: number(row, "heartbeat_interval"),
    ...(row.due_at !== null && { dueAt: number(row, "due_at") }),
  };
}

export function runFrom(row: Row): RunRecord {
  return {
    runId: id(row, "run_id"),
    fabId: foreignText(row, "fab_id"),
    fabVersion: foreignText(row, "fab_version"),
    state: text(row, "state") as RunState,
  };
}

/** The columns that every message has, in the order of {@link messageValues}. */
export const MESSAGE_COLUMNS = [
  "message_id",
  "run_id",
  "src_node_id",
  "dst_node_id",
  "reply_to_message_id",
  "group_id",
  "message_type",
  "created_at",
  "pushed_at",
  "ttl",
  "content",
  "error_code",
  "error_reason",
];

export function messageValues(message: LinkMessage): SqlValue[] {
  return [
    message.messageId,
    fromId(message.runId),
    fromId(message.srcNodeId),
    fromId(message.dstNodeId),
    message.replyToMessageId,
    fromText(message.groupId),
    fromText(message.messageType),
    message.createdAt,
    message.pushedAt,
    message.ttl,
    message.content ?? null,
    message.error?.code ?? null,
    message.error ? fromText(message.error.reason) : null,
  ];
}

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

export function instructionFrom(row: Row): InstructionRecord {
  return {
    message: messageFrom(row),
    state: text(row, "state") as InstructionState,
    deliveries: number(row, "deliveries"),
    told: number(row, "told") === 1,
    dueAt: number(row, "due_at"),
  };
}

export function text(row: Row, column: string): string {
  const value = row[column];
  return typeof value === "string" ? value : unexpected(column, value);
}

function foreignText(row: Row, column: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes(row, column));
}

/** A REAL, or an INTEGER that is known to be small. */
export function number(row: Row, column: string): number {
  const value = row[column];
  return typeof value === "number" || typeof value === "bigint"
    ? Number(value)
    : unexpected(column, value);
}

export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  return value instanceof Uint8Array ? value : unexpected(column, value);
}

function id(row: Row, column: string): bigint {
  const value = row[column];
  return typeof value === "bigint" ? BigInt.asUintN(64, value) : unexpected(column, value);
}

function unexpected(column: string, value: SqlValue | undefined): never {
  throw new FlwrError("data-loss", `Column "${column}" of the database holds a ${typeof value}`);
}
