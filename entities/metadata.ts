/** A node's id: unsigned 64-bit. 1n is the SuperLink itself; 0n is never a node (Flower 1.41 contract). */
export type NodeId = bigint;
/** A run's id: unsigned 64-bit, never 0n. */
export type RunId = bigint;
/** A message's id: opaque text (a UUID on the 1.9 wire, the SHA-256 of the message's object on the current one). */
export type MessageId = string;

/** The id under which the SuperLink, and so every ServerApp, sends. */
export const SUPERLINK_NODE_ID: NodeId = 1n;

/** How long an instruction stays valid, in seconds, when its sender does not say (Flower 1.41: 12 hours). */
export const DEFAULT_TTL_SECONDS = 43_200;

/**
 * Purpose of a message: `train`, `evaluate` or `query`, each optionally followed by `.action`; or one of the
 * older Flower names `get_parameters`, `get_properties`, `reconnect`.
 */
export type MessageType = string;

/** Everything about a message except its content. Field for field Flower's `Metadata` (1.23 and later). */
export interface Metadata {
  /** The run that it belongs to; 0n until it is sent. */
  readonly runId: RunId;
  /** Empty until the SuperLink has taken the message. */
  readonly messageId: MessageId;
  /** Who sends it. */
  readonly srcNodeId: NodeId;
  /** Whom it is for. */
  readonly dstNodeId: NodeId;
  /** The id of the instruction that this message answers; empty in an instruction. */
  readonly replyToMessageId: MessageId;
  /** The round, as text, where the sender works in rounds; else empty. */
  readonly groupId: string;
  /** What it is for. */
  readonly messageType: MessageType;
  /** Unix time in seconds at which the sender made the message. */
  readonly createdAt: number;
  /** Seconds after `createdAt` during which the message counts. */
  readonly ttl: number;
}

/** Codes of the error that a message carries instead of content (Flower 1.41 contract, section 3.5). */
export const MessageErrorCode = {
  Unknown: 0,
  LoadClientApp: 1,
  ClientAppRaised: 2,
  /** The instruction is not there (any more): unknown or expired. On the 1.9 wire: node unavailable. */
  MessageUnavailable: 3,
  ReplyUnavailable: 4,
  NodeUnavailable: 5,
  ModPrecondition: 6,
  InvalidFab: 7,
  ClientAppCrashed: 8,
} as const;

/** An error that a message carries instead of content. */
export interface MessageError {
  /** One of {@link MessageErrorCode}, or a later Flower's. */
  readonly code: number;
  /** One sentence for people. */
  readonly reason: string;
}
