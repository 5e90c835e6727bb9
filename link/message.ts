/** SHA-256 of an object's bytes, 64 lower-case hex digits (Flower 1.28 and later). */
export type ObjectId = string;

/**
 * A message as the SuperLink keeps it. The fields are Flower's current metadata; the content is not here but in
 * the object store, under the id of its RecordDict object, so that one model sent to a hundred nodes is kept once.
 */
export interface LinkMessage {
  readonly messageId: string;
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
  readonly error?: { readonly code: number; readonly reason: string };
}

/** A message as a caller hands it over: the SuperLink gives it its id and time. */
export type NewLinkMessage = Omit<LinkMessage, "messageId" | "pushedAt">;

/** An object: its exact bytes, and the ids of the objects that it refers to. */
export interface LinkObject {
  readonly id: ObjectId;
  readonly bytes: Uint8Array;
  readonly children: readonly ObjectId[];
}
