import { type MessageError, MessageErrorCode, SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { expiryOf, type LinkMessage, type MessageDraft } from "../../entities/message.ts";

/** Error reply to an instruction that its node did not answer. Its source is that node. */
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
 * Error reply to an instruction that the SuperLink does not know. Its metadata are empty except for the id and the run.
 *
 * @param runId the caller's run, or 0 if unknown
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
      reason: `The SuperLink has no instruction "${instructionId}": it is unknown or was removed`,
    },
  };
}
