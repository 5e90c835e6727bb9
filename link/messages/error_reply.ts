import { type MessageError, MessageErrorCode, SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { expiryOf, type LinkMessage, type MessageDraft } from "../../entities/message.ts";

/** The reply that stands in for the one the instruction's node did not give; it names that node as its source. */
export function errorReply(
  instruction: LinkMessage,
  error: MessageError,
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
      code: MessageErrorCode.MessageUnavailable,
      reason: `The SuperLink has no instruction "${instructionId}": it never had, or let it go`,
    },
  };
}
