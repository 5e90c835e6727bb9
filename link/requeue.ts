import type { Effects, LinkContext } from "./context.ts";
import { factsOf, type LinkEvent } from "./events.ts";
import { nextInstructionState } from "./instruction_state.ts";
import type { InstructionRecord } from "./store/message_tables.ts";
import type { LinkTransaction } from "./store/store.ts";

/** Why an instruction waits again. */
type Cause = Extract<LinkEvent, { kind: "instruction-requeued" }>["cause"];

/** Makes an instruction that was handed out wait again. */
export async function requeue(
  { limits }: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  instruction: InstructionRecord,
  cause: Cause,
): Promise<void> {
  const { message, deliveries, told, dueAt } = instruction;
  const state = nextInstructionState(instruction.state, "requeue")!;
  await tx.instructions.update(message.messageId, { state, deliveries, told, dueAt });
  const spent = deliveries >= limits.maxDeliveries;
  effects.topics.add(spent ? `reply:${message.messageId}` : `work:${message.dstNodeId}`);
  effects.events.push({ kind: "instruction-requeued", instruction: factsOf(message), cause });
}

/** Makes all instructions wait again that were handed to a node and are not answered. */
export async function requeueHanded(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  nodeId: bigint,
  cause: Cause,
): Promise<void> {
  for (const instruction of await tx.instructions.openOf(nodeId)) {
    if (instruction.state === "handed-out") {
      await requeue(context, tx, effects, instruction, cause);
    }
  }
}
