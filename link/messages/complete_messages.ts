import { errorOf } from "../runs/outcomes.ts";
import { shapeFault } from "../objects/known_tree.ts";
import type { ObjectId } from "../../entities/object.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { rootFault } from "./message_fault.ts";
import type { MessageRefusal } from "../../entities/push.ts";
import type { AnnouncedMessage } from "./push_table.ts";
import {
  instructionRefusal,
  recordInstruction,
  recordReply,
  type RefusalDetails,
  replyRefusal,
} from "./record_message.ts";
import { refuseReply, reportRefusal } from "./refuse_reply.ts";

/**
 * Accepts or refuses the announced messages whose objects are now all stored.
 *
 * @param completed ids of objects whose trees have just become complete
 * @returns session ids of pushes that have no waiting message left
 */
export async function acceptCompleteMessages(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  completed: readonly ObjectId[],
): Promise<string[]> {
  const finished: string[] = [];
  for (const id of completed) {
    const announced = await tx.pushes.message(id);
    if (announced === undefined) continue;
    await tx.pushes.removeMessage(id);
    await acceptAnnounced(context, tx, effects, announced);
    if (!await tx.pushes.hasMessages(announced.sessionId)) finished.push(announced.sessionId);
  }
  return finished;
}

/** Accepts or refuses an announced message. Checks it again, because the state may have changed since. */
async function acceptAnnounced(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  announced: AnnouncedMessage,
): Promise<void> {
  const { message } = announced;
  const { messageId, srcNodeId, replyToMessageId } = message;
  const fault = rootFault(message, await tx.objects.childrenOf(messageId));
  const refusal = fault !== undefined
    ? { ...fault, isPermanent: true }
    : replyToMessageId !== ""
    ? await replyRefusal(context, tx, srcNodeId, message)
    : permanent(await instructionRefusal(context, tx, message));
  await acceptMessage(context, tx, effects, announced, refusal);
}

/**
 * Stores a message whose objects are all stored, or refuses it.
 *
 * @param refusal result of the checks in this transaction; the shape of the content is checked here
 * @returns why the message was refused, if it was
 */
export async function acceptMessage(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  { message, clientAppSeconds }: Pick<AnnouncedMessage, "message" | "clientAppSeconds">,
  refusal: RefusalDetails | undefined,
): Promise<MessageRefusal | undefined> {
  const { runId, srcNodeId, replyToMessageId, content } = message;
  if (content !== undefined) refusal ??= permanent(await shapeFault(context, tx, content));
  if (refusal !== undefined) {
    const { code, reason } = refusal;
    if (replyToMessageId === "") reportRefusal(effects, message, refusal);
    else await refuseReply(context, tx, effects, { nodeId: srcNodeId, reply: message, refusal });
    return { code, reason };
  }
  if (replyToMessageId === "") {
    await recordInstruction(context, tx, effects, message);
    return undefined;
  }
  const [instruction] = await tx.instructions.get([replyToMessageId]);
  await recordReply(context, tx, effects, message, instruction!);
  const error = errorOf(message);
  if (error !== undefined) await tx.runs.addError(runId, error);
  const results = error === undefined ? 1 : 0;
  await context.traffic.save(tx, effects, runId, { clientAppSeconds, results });
  return undefined;
}

function permanent(refusal: MessageRefusal | undefined): RefusalDetails | undefined {
  return refusal && { ...refusal, isPermanent: true };
}
