import type { MessageError } from "./metadata.ts";
import type { ObjectId } from "./object.ts";

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
  readonly error?: MessageError;
}

/** A message as a caller hands it over: the SuperLink gives it its time. */
export type NewLinkMessage = Omit<LinkMessage, "pushedAt">;

/** An error reply that the SuperLink makes itself, before it has an id. */
export type MessageDraft = Omit<LinkMessage, "messageId" | "pushedAt" | "content">;

/** The Unix time in seconds from which the message no longer counts. */
export function expiryOf(message: Pick<LinkMessage, "createdAt" | "ttl">): number {
  return message.createdAt + message.ttl;
}

/** What identifies an instruction to a reader of the log. */
export interface InstructionFacts {
  readonly messageId: string;
  readonly runId: bigint;
  readonly nodeId: bigint;
  readonly messageType: string;
  readonly groupId: string;
}
