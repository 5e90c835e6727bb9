import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { factsOf, type MessageEvent } from "./events.ts";
import { nextInstructionState } from "./instruction_state.ts";
import type { InstructionRecord } from "./message_tables.ts";

/** Why an instruction was requeued. */
type Cause = Extract<MessageEvent, { kind: "instruction-requeued" }>["cause"];

/** Requeues an instruction that was handed out. */
export async function requeueInstruction(
  { limits }: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  instruction: InstructionRecord,
  cause: Cause,
): Promise<void> {
  const { message, deliveries, replyPulled, dueAt } = instruction;
  const state = nextInstructionState(instruction.state, "requeue")!;
  await tx.instructions.update(message.messageId, { state, deliveries, replyPulled, dueAt });
  const spent = deliveries >= limits.maxDeliveries;
  effects.wake(spent ? `reply:${message.messageId}` : `work:${message.dstNodeId}`);
  effects.emit({ kind: "instruction-requeued", instruction: factsOf(message), cause });
}

/** Requeues all instructions that were handed to a node and are not answered. */
export async function requeueHanded(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  nodeId: bigint,
  cause: Cause,
): Promise<void> {
  for (const instruction of await tx.instructions.handedOutTo(nodeId)) {
    await requeueInstruction(context, tx, effects, instruction, cause);
  }
}
