/** A node's id: unsigned 64-bit. 1n is the SuperLink itself; 0n is never a node (Flower 1.41 contract). */
export type NodeId = bigint;
/** A run's id: unsigned 64-bit, never 0n. */
export type RunId = bigint;
/**
 * A message's id: an opaque string (a UUID on the 1.9 wire, the SHA-256 of the message's object on the current one).
 */
export type MessageId = string;

/** The sender id of the SuperLink, and so of all ServerApps. */
export const SUPERLINK_NODE_ID: NodeId = 1n;

/** Default validity of an instruction, in seconds (Flower 1.41: 12 hours). */
export const DEFAULT_TTL_SECONDS = 43_200;

/**
 * Purpose of a message: `train`, `evaluate` or `query`, each optionally followed by `.action`; or one of the
 * older Flower names `get_parameters`, `get_properties`, `reconnect`.
 */
export type MessageType = string;

/** All data about a message except its content. The fields are those of Flower's `Metadata` (1.23 and later). */
export interface Metadata {
  /** The message's run; 0n until it is sent. */
  readonly runId: RunId;
  /** The message's id; empty until the SuperLink has accepted the message. */
  readonly messageId: MessageId;
  /** The sender. */
  readonly srcNodeId: NodeId;
  /** The receiver. */
  readonly dstNodeId: NodeId;
  /** The id of the instruction that this message answers; empty in an instruction. */
  readonly replyToMessageId: MessageId;
  /** The round, as text, if the sender works in rounds; otherwise empty. */
  readonly groupId: string;
  /** Purpose of the message. */
  readonly messageType: MessageType;
  /** Unix time in seconds at which the sender created the message. */
  readonly createdAt: number;
  /** Validity in seconds after `createdAt`. */
  readonly ttl: number;
}

/** Codes of the error that a message has instead of content (Flower 1.41 contract, section 3.5). */
export const MessageErrorCode = {
  Unknown: 0,
  LoadClientApp: 1,
  ClientAppRaised: 2,
  /** The instruction is unknown or expired. On the 1.9 wire: node unavailable. */
  MessageUnavailable: 3,
  ReplyUnavailable: 4,
  NodeUnavailable: 5,
  ModPrecondition: 6,
  InvalidFab: 7,
  ClientAppCrashed: 8,
} as const;

/** An error that a message has instead of content. */
export interface MessageError {
  /** One of {@link MessageErrorCode}, or a code of a later Flower. */
  readonly code: number;
  /** One sentence for people. */
  readonly reason: string;
}
