/** The id under which the SuperLink itself, and so every ServerApp, sends and receives. */
export const SUPERLINK_NODE_ID = 1n;

/** SHA-256 of an object's bytes, 64 lower-case hex digits (Flower 1.28 and later). */
export type ObjectId = string;

/** What stands in the place of a message's content when there is none. */
export interface LinkMessageError {
  /** Flower's number for the failure; those the SuperLink gives itself are in `LinkErrorCode`. */
  readonly code: number;
  readonly reason: string;
}

/**
 * A message as the SuperLink keeps it. The fields are Flower's current metadata; the content is not here but in
 * the object store, under the id of its RecordDict object, so that one model sent to a hundred nodes is kept once.
 */
export interface LinkMessage {
  /**
   * The id of the message's own object, whose only child is the content, or which has none beside an error. Whoever
   * makes a message makes that object.
   */
  readonly messageId: ObjectId;
  readonly runId: bigint;
  readonly srcNodeId: bigint;
  readonly dstNodeId: bigint;
  /** The instruction that this message answers; empty in an instruction. */
  readonly replyToMessageId: string;
  readonly groupId: string;
  readonly messageType: string;
  /** Unix time in seconds, by the sender's clock. */
  readonly createdAt: number;
  /** Unix time in seconds at which the SuperLink took the message; 0 before that. */
  readonly pushedAt: number;
  /** Seconds after `createdAt` during which the message counts. */
  readonly ttl: number;
  /** Exactly one of `content` and `error` is set. */
  readonly content?: ObjectId;
  readonly error?: LinkMessageError;
}

/** A message as a caller hands it over: the SuperLink gives it its time. */
export type NewLinkMessage = Omit<LinkMessage, "pushedAt">;

/** An error reply that the SuperLink makes itself, before it has an id. */
export type MessageDraft = Omit<LinkMessage, "messageId" | "pushedAt" | "content">;

/** Which objects an object is made of, by id: the ids of each object's children. */
export type ObjectTree = ReadonlyMap<ObjectId, readonly ObjectId[]>;

/**
 * An object: its exact bytes, and the ids of the objects that it refers to. Whoever makes one from bytes that came
 * over a wire derives `id` and `children` from those bytes; the SuperLink relies on it and keeps equal ids once.
 */
export interface LinkObject {
  readonly id: ObjectId;
  /** Never written to after it was handed over: the store may keep this very array. */
  readonly bytes: Uint8Array;
  readonly children: readonly ObjectId[];
}

/** The Unix time in seconds from which the message no longer counts. */
export function expiryOf(message: Pick<LinkMessage, "createdAt" | "ttl">): number {
  return message.createdAt + message.ttl;
}
