import { shapeFault } from "../objects/known_tree.ts";
import type { ObjectId } from "../objects/objects.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { rootFault } from "./message_fault.ts";
import type { Refusal } from "./messages.ts";
import type { AnnouncedMessage } from "./push_table.ts";
import {
  instructionRefusal,
  recordInstruction,
  recordReply,
  replyRefusal,
} from "./record_message.ts";
import { refuse, rejectReply } from "./reject_reply.ts";

/**
 * Takes the announced messages whose objects are all there now.
 *
 * @param whole ids of objects that are whole now and were not before
 * @returns the ids of pushes of which no message waits any more
 */
export async function takeWholeMessages(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  whole: readonly ObjectId[],
): Promise<string[]> {
  const finished: string[] = [];
  for (const id of whole) {
    const announced = await tx.pushes.message(id);
    if (announced === undefined) continue;
    await tx.pushes.removeMessage(id);
    await takeMessage(context, tx, effects, announced);
    if (!await tx.pushes.hasMessages(announced.sessionId)) finished.push(announced.sessionId);
  }
  return finished;
}

/**
 * Takes a message that is whole. Much may have happened since the announcement, so it is judged again.
 *
 * @returns why it was refused, if it was
 */
export async function takeMessage(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  { message, clientAppSeconds }: Pick<AnnouncedMessage, "message" | "clientAppSeconds">,
): Promise<Refusal | undefined> {
  const { messageId, runId, srcNodeId, replyToMessageId, content } = message;
  const children = await tx.objects.childrenOf(messageId);
  const fault = rootFault(message, children) ??
    (content === undefined ? undefined : await shapeFault(context, tx, content));
  if (replyToMessageId === "") {
    const reason = fault ?? await instructionRefusal(context, tx, message);
    if (reason === undefined) {
      await recordInstruction(context, tx, effects, message);
      return undefined;
    }
    refuse(effects, message, reason);
    return { reason };
  }
  const refusal = fault === undefined
    ? await replyRefusal(context, tx, srcNodeId, message)
    : { reason: fault, forGood: true };
  if (refusal !== undefined) {
    await rejectReply(context, tx, effects, { nodeId: srcNodeId, reply: message, refusal });
    return { reason: refusal.reason };
  }
  const [instruction] = await tx.instructions.get([replyToMessageId]);
  await recordReply(context, tx, effects, message, instruction!);
  await context.traffic.save(tx, effects, runId, { clientAppSeconds });
  return undefined;
}
