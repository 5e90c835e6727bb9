import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { MessageErrorCode } from "../../entities/metadata.ts";
import { isOpen } from "./instruction_state.ts";
import { expiryOf, type NewLinkMessage } from "../../entities/message.ts";
import type { ReplyRefusal } from "./record_message.ts";
import { failInstruction } from "./settle_instruction.ts";

/**
 * Tells that a node's reply is not taken. Where the reply itself is at fault, an error takes its place: its node has
 * answered as well as it can, and whoever waits for it need not wait for the end of the instruction's time.
 *
 * @param nodeId who sends it
 */
export async function rejectReply(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  { nodeId, reply, refusal }: { nodeId: bigint; reply: NewLinkMessage; refusal: ReplyRefusal },
): Promise<void> {
  const { reason, forGood } = refusal;
  refuse(effects, reply, reason);
  if (!forGood || reply.srcNodeId !== nodeId) return;
  const [instruction] = await tx.instructions.get([reply.replyToMessageId]);
  // A node speaks for what it was handed, and for nothing else.
  if (instruction?.message.dstNodeId !== nodeId || instruction.deliveries === 0) return;
  if (!isOpen(instruction.state)) return;
  if (expiryOf(instruction.message) <= context.clock.now()) return;
  const error = {
    code: MessageErrorCode.Unknown,
    reason: `The SuperLink refused the reply of node "${nodeId}": ${reason}`,
  };
  await failInstruction(context, tx, effects, instruction, { event: "give-up", error }, {
    told: false,
  });
}

/** Tells that a message is not taken. */
export function refuse(effects: MessageEffects, message: NewLinkMessage, reason: string): void {
  const { runId, srcNodeId, dstNodeId, replyToMessageId } = message;
  effects.emit(
    replyToMessageId === ""
      ? { kind: "instruction-refused", runId, nodeId: dstNodeId, reason }
      : { kind: "reply-refused", nodeId: srcNodeId, replyToMessageId, reason },
  );
}
