import type { MessageError } from "./metadata.ts";
import type { ObjectId } from "./object.ts";

/**
 * A message as the SuperLink stores it. The fields are Flower's current metadata. The content is in the object store,
 * under the id of its RecordDict object: a model that is sent to a hundred nodes is stored once.
 */
export interface LinkMessage {
  /**
   * Id of the message's own object, its root. The root's only child is the content; the root of an error has no
   * children. The sender of a message creates the root.
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
  /** Unix time in seconds at which the SuperLink accepted the message; 0 before that. */
  readonly pushedAt: number;
  /** Seconds after `createdAt` during which the message is valid. */
  readonly ttl: number;
  /** Exactly one of `content` and `error` is set. */
  readonly content?: ObjectId;
  readonly error?: MessageError;
}

/** A message as a caller pushes it. The SuperLink sets `pushedAt`. */
export type NewLinkMessage = Omit<LinkMessage, "pushedAt">;

/** An error reply that the SuperLink creates, before it has an id. */
export type MessageDraft = Omit<LinkMessage, "messageId" | "pushedAt" | "content">;

/** The Unix time in seconds at which the message expires. */
export function expiryOf(message: Pick<LinkMessage, "createdAt" | "ttl">): number {
  return message.createdAt + message.ttl;
}

/** Fields that identify an instruction in an event. */
export interface InstructionFacts {
  readonly messageId: string;
  readonly runId: bigint;
  readonly nodeId: bigint;
  readonly messageType: string;
  readonly groupId: string;
}
