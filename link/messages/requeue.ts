import type { Effects, LinkContext } from "../transactions/transactions.ts";
import { factsOf, type LinkEvent } from "../events.ts";
import { nextInstructionState } from "./instruction_state.ts";
import type { InstructionRecord } from "./message_tables.ts";
import type { LinkTransaction } from "../store/store.ts";

/** Makes an instruction that was handed out wait again. */
export async function requeue(
  { limits }: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  instruction: InstructionRecord,
  cause: Extract<LinkEvent, { kind: "instruction-requeued" }>["cause"],
): Promise<void> {
  const { message, deliveries, told, dueAt } = instruction;
  const state = nextInstructionState(instruction.state, "requeue")!;
  await tx.instructions.update(message.messageId, { state, deliveries, told, dueAt });
  const spent = deliveries >= limits.maxDeliveries;
  effects.topics.add(spent ? `reply:${message.messageId}` : `work:${message.dstNodeId}`);
  effects.events.push({ kind: "instruction-requeued", instruction: factsOf(message), cause });
}
