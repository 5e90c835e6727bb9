import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { factsOf, type MessageEvent } from "./events.ts";
import { nextInstructionState } from "./instruction_state.ts";
import type { InstructionRecord } from "./message_tables.ts";

/** Makes an instruction that was handed out wait again. */
export async function requeue(
  { limits }: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  instruction: InstructionRecord,
  cause: Extract<MessageEvent, { kind: "instruction-requeued" }>["cause"],
): Promise<void> {
  const { message, deliveries, told, dueAt } = instruction;
  const state = nextInstructionState(instruction.state, "requeue")!;
  await tx.instructions.update(message.messageId, { state, deliveries, told, dueAt });
  const spent = deliveries >= limits.maxDeliveries;
  effects.wake(spent ? `reply:${message.messageId}` : `work:${message.dstNodeId}`);
  effects.emit({ kind: "instruction-requeued", instruction: factsOf(message), cause });
}
