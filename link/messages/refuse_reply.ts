import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { MessageErrorCode } from "../../entities/metadata.ts";
import { isOpen } from "./instruction_state.ts";
import { expiryOf, type NewLinkMessage } from "../../entities/message.ts";
import type { RefusalDetails } from "./record_message.ts";
import type { MessageRefusal } from "../../entities/push.ts";
import { failInstruction } from "./end_instruction.ts";

/**
 * Refuses a node's reply. If the fault is permanent, stores an error reply instead: the node cannot give a better
 * answer, and the ServerApp need not wait until the instruction expires.
 */
export async function refuseReply(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  { nodeId, reply, refusal }: { nodeId: bigint; reply: NewLinkMessage; refusal: RefusalDetails },
): Promise<void> {
  const { reason, isPermanent } = refusal;
  reportRefusal(effects, reply, refusal);
  if (!isPermanent || reply.srcNodeId !== nodeId) return;
  const [instruction] = await tx.instructions.get([reply.replyToMessageId]);
  // A node can only fail instructions that it was handed.
  if (instruction?.message.dstNodeId !== nodeId || instruction.deliveries === 0) return;
  if (!isOpen(instruction.state)) return;
  if (expiryOf(instruction.message) <= context.clock.now()) return;
  const error = {
    code: MessageErrorCode.Unknown,
    reason: `The SuperLink refused the reply of node "${nodeId}": ${reason}`,
  };
  await failInstruction(context, tx, effects, instruction, { event: "give-up", error }, {
    replyPulled: false,
  });
}

/** Reports that a message was refused. */
export function reportRefusal(
  effects: MessageEffects,
  message: NewLinkMessage,
  { code, reason }: MessageRefusal,
): void {
  const { runId, srcNodeId, dstNodeId, replyToMessageId } = message;
  effects.emit(
    replyToMessageId === ""
      ? { kind: "instruction-refused", runId, nodeId: dstNodeId, code, reason }
      : { kind: "reply-refused", nodeId: srcNodeId, replyToMessageId, code, reason },
  );
}
