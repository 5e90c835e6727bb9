/** Id of a node: unsigned 64-bit. 1n is the SuperLink itself; 0n is never a node (Flower 1.41). */
export type NodeId = bigint;
/** Id of a run: unsigned 64-bit, never 0n. */
export type RunId = bigint;
/** Id of a message: a UUID on the 1.9 wire, the SHA-256 of the message's object on the current one. */
export type MessageId = string;

/** Node id of the SuperLink itself. Every ServerApp sends and receives under this id. */
export const SUPERLINK_NODE_ID: NodeId = 1n;

/** Default ttl of an instruction in seconds (Flower 1.41: 12 hours). */
export const DEFAULT_TTL_SECONDS = 43_200;

/**
 * Purpose of a message: `train`, `evaluate` or `query`, each optionally followed by `.action`; or one of the older
 * Flower names `get_parameters`, `get_properties`, `reconnect`.
 */
export type MessageType = string;

/** Metadata of a message, with the fields of Flower's `Metadata` (1.23 and later). */
export interface Metadata {
  /** Run of the message; 0n until it is sent. */
  readonly runId: RunId;
  /** Empty until the SuperLink accepted the message. */
  readonly messageId: MessageId;
  /** Node that sends the message. */
  readonly srcNodeId: NodeId;
  /** Node that receives the message. */
  readonly dstNodeId: NodeId;
  /** The id of the instruction that this message answers; empty in an instruction. */
  readonly replyToMessageId: MessageId;
  /** Number of the round, as text; empty if the sender does not work in rounds. */
  readonly groupId: string;
  /** Purpose of the message. */
  readonly messageType: MessageType;
  /** Unix time in seconds at which the sender created the message. */
  readonly createdAt: number;
  /** Seconds after `createdAt` during which the message is valid. */
  readonly ttl: number;
}

/** Codes of errors in messages (Flower 1.41). */
export const MessageErrorCode = {
  Unknown: 0,
  LoadClientApp: 1,
  ClientAppRaised: 2,
  /** The instruction is unknown or has expired. On the 1.9 wire: the node is unavailable. */
  MessageUnavailable: 3,
  ReplyUnavailable: 4,
  NodeUnavailable: 5,
  ModPrecondition: 6,
  InvalidFab: 7,
  ClientAppCrashed: 8,
} as const;

/** Error of a message, which has it instead of content. */
export interface MessageError {
  /** One of {@link MessageErrorCode}, or a later Flower's. */
  readonly code: number;
  /** One sentence for people. */
  readonly reason: string;
}
