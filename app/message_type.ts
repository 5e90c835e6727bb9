import { FlwrError } from "../base/error.ts";
import type { MessageType } from "../entities/metadata.ts";

/** The message types of Flower's Message API; each may be followed by ".action". */
export const MessageTypes = {
  Train: "train",
  Evaluate: "evaluate",
  Query: "query",
  /** Older Flower: the ServerApp asks one node for the arrays to start from. */
  GetParameters: "get_parameters",
  /** Older Flower: the ServerApp asks a node for its properties. */
  GetProperties: "get_properties",
  /** Older Flower: the ServerApp tells a node to leave and come back. */
  Reconnect: "reconnect",
} as const;

const WITH_ACTION = /^(train|evaluate|query)(\.[\p{L}_][\p{L}\p{N}_]*)?$/u;
const OLDER: readonly string[] = [
  MessageTypes.GetParameters,
  MessageTypes.GetProperties,
  MessageTypes.Reconnect,
  "system",
];

/** Whether Flower has a message type: one of the above; an action must be a Python identifier. */
export function isMessageType(value: unknown): value is MessageType {
  return typeof value === "string" && (WITH_ACTION.test(value) || OLDER.includes(value));
}

/**
 * Checks a message type.
 *
 * @throws FlwrError "invalid-argument" when Flower has no such message type
 */
export function checkMessageType(value: unknown): MessageType {
  if (isMessageType(value)) return value;
  throw new FlwrError(
    "invalid-argument",
    `Message type must be train, evaluate or query, optionally followed by ".action": got "${value}"`,
  );
}
