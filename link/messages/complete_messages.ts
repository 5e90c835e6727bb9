import { errorOf } from "../runs/outcomes.ts";
import { shapeFault } from "../objects/known_tree.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import type { LinkMessage } from "../../entities/message.ts";
import { rootFault } from "./message_fault.ts";
import type { MessageRefusal } from "../../entities/push.ts";
import type { AnnouncedMessage } from "./push_table.ts";
import {
  instructionRefusal,
  recordInstructions,
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
  if (completed.length === 0) return [];
  const announced = await tx.pushes.messages(completed);
  return await acceptAnnouncedMessages(context, tx, effects, completed, announced);
}

/** Does the same for messages that were read. @param announced those of the completed objects that are messages */
export async function acceptAnnouncedMessages(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  completed: readonly ObjectId[],
  announced: readonly AnnouncedMessage[],
): Promise<string[]> {
  const byId = new Map(announced.map((each) => [each.message.messageId, each]));
  const finished: string[] = [];
  for (const id of completed) {
    const message = byId.get(id);
    if (message === undefined) continue;
    await tx.pushes.removeMessage(id);
    await acceptAnnounced(context, tx, effects, message);
    if (!await tx.pushes.hasMessages(message.sessionId)) finished.push(message.sessionId);
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
  await acceptMessages(context, tx, effects, [{ ...announced, refusal }]);
}

/** A message whose objects are all stored. */
export interface CompleteMessage extends Pick<AnnouncedMessage, "message" | "clientAppSeconds"> {
  /** Result of the checks in this transaction; the shape of the content is checked later. */
  readonly refusal?: RefusalDetails | undefined;
}

/**
 * Stores messages whose objects are all stored, or refuses them.
 *
 * @param messages replies to different instructions
 * @param added objects that this transaction has added
 * @returns why each was refused, if it was
 */
export async function acceptMessages(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  messages: readonly CompleteMessage[],
  added: readonly LinkObject[] = [],
): Promise<(MessageRefusal | undefined)[]> {
  const refusals: (MessageRefusal | undefined)[] = [];
  const instructions: LinkMessage[] = [];
  for (const { message, clientAppSeconds, refusal: former } of messages) {
    const { srcNodeId, replyToMessageId, content } = message;
    const refusal = former ??
      (content === undefined
        ? undefined
        : permanent(await shapeFault(context, tx, content, added)));
    refusals.push(refusal && { code: refusal.code, reason: refusal.reason });
    if (refusal !== undefined) {
      if (replyToMessageId === "") reportRefusal(effects, message, refusal);
      else await refuseReply(context, tx, effects, { nodeId: srcNodeId, reply: message, refusal });
    } else if (replyToMessageId === "") instructions.push(message);
    else await acceptReply(context, tx, effects, message, clientAppSeconds);
  }
  if (instructions.length > 0) await recordInstructions(context, tx, effects, instructions);
  return refusals;
}

async function acceptReply(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  message: LinkMessage,
  clientAppSeconds: number,
): Promise<void> {
  const [instruction] = await tx.instructions.get([message.replyToMessageId]);
  await recordReply(context, tx, effects, message, instruction!, clientAppSeconds);
  const error = errorOf(message);
  if (error !== undefined) await tx.runs.addError(message.runId, error);
  const results = error === undefined ? 1 : 0;
  await context.traffic.save(tx, effects, message.runId, { clientAppSeconds, results });
}

function permanent(refusal: MessageRefusal | undefined): RefusalDetails | undefined {
  return refusal && { ...refusal, isPermanent: true };
}
