import { SUPERLINK_NODE_ID } from "../nodes/nodes.ts";
import { expiryOf, type LinkMessage, type LinkMessageError, type MessageDraft } from "./message.ts";

/** Codes of the errors that the SuperLink puts in the place of a reply (Flower 1.41 contract, section 3.5). */
export const LinkErrorCode = {
  /** What has no code of its own: the node's reply was refused. */
  Unknown: 0,
  /** The instruction is not there (any more): unknown or expired. */
  MessageUnavailable: 3,
  /** There was a reply, but it expired before anyone asked for it. */
  ReplyUnavailable: 4,
  NodeUnavailable: 5,
  ClientAppCrashed: 8,
} as const;

/** The reply that stands in for the one the instruction's node did not give; it names that node as its source. */
export function errorReply(
  instruction: LinkMessage,
  error: LinkMessageError,
  now: number,
): MessageDraft {
  return {
    runId: instruction.runId,
    srcNodeId: instruction.dstNodeId,
    dstNodeId: SUPERLINK_NODE_ID,
    replyToMessageId: instruction.messageId,
    groupId: instruction.groupId,
    messageType: instruction.messageType,
    createdAt: now,
    ttl: Math.max(0, expiryOf(instruction) - now),
    error,
  };
}

/**
 * The reply to an instruction that the SuperLink does not know: nothing but the error and the id is true of it.
 *
 * @param runId the run of whoever asks; 0 when that is not known
 */
export function unknownInstructionReply(
  instructionId: string,
  runId: bigint,
  now: number,
): MessageDraft {
  return {
    runId,
    srcNodeId: SUPERLINK_NODE_ID,
    dstNodeId: SUPERLINK_NODE_ID,
    replyToMessageId: instructionId,
    groupId: "",
    messageType: "",
    createdAt: now,
    ttl: 0,
    error: {
      code: LinkErrorCode.MessageUnavailable,
      reason: `The SuperLink has no instruction "${instructionId}": it never had, or let it go`,
    },
  };
}
