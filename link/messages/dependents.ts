import type { NodeDependents } from "../nodes/context.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { nextInstructionState } from "./instruction_state.ts";
import { endPushes } from "./push_end.ts";
import { requeueHanded } from "./requeue.ts";
import { removeInstruction } from "./end_instruction.ts";

/** Updates a node's messages when the node joins, leaves or goes offline, in the same transaction. */
export function messagesOfNodes(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
): NodeDependents {
  /** Wakes pulls that wait for the node's replies, because they may have to return an error now. */
  const absent = async (nodeId: bigint) => {
    for (const { message } of await tx.instructions.openOf(nodeId)) {
      effects.wake(`reply:${message.messageId}`);
    }
  };
  return {
    absent,
    joined: (nodeId) => requeueHanded(context, tx, effects, nodeId, "node-joined-again"),
    async unregistered(nodeId) {
      await endPushes(context, tx, effects, await tx.pushes.ofNode(nodeId));
      await absent(nodeId);
    },
  };
}

/** Cancels the instructions of a run that ends, and ends its pushes. The housekeeper removes them later. */
export async function endMessagesOfRun(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  runId: bigint,
): Promise<void> {
  const now = context.clock.now();
  for (const instruction of await tx.instructions.ofRun(runId)) {
    const { message: { messageId }, deliveries, replyPulled } = instruction;
    const cancelled = nextInstructionState(instruction.state, "cancel");
    if (cancelled === undefined) continue;
    await tx.instructions.update(messageId, {
      state: cancelled,
      deliveries,
      replyPulled,
      dueAt: now,
    });
    effects.wake(`reply:${messageId}`);
    effects.due(now);
  }
  await endPushes(context, tx, effects, await tx.pushes.ofRun(runId));
}

/** Removes the remaining messages of a run. Usually the housekeeper has removed them all, unless the store failed. */
export async function removeMessagesOfRun(tx: MessageTransaction, runId: bigint): Promise<void> {
  for (const instruction of await tx.instructions.ofRun(runId)) {
    await removeInstruction(tx, instruction);
  }
  for (const { sessionId } of await tx.pushes.ofRun(runId)) await tx.pushes.remove(sessionId);
}
