import type { ObjectId } from "../../entities/object.ts";
import { completeTree, removeUnneeded } from "../objects/references.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";
import { rootFault } from "./message_fault.ts";
import type { BroughtObject, Refusal } from "../../entities/push.ts";
import { takeMessage, takeWholeMessages } from "./whole_messages.ts";

/** A newly announced message with the objects that were sent inline. */
interface BroughtMessage {
  readonly message: LinkMessage;
  readonly clientAppSeconds: number;
  readonly brought: ReadonlyMap<ObjectId, BroughtObject>;
}

/** Result of {@link takeBrought}. */
interface BroughtOutcome {
  /**
   * Whether the message was accepted or refused. If false, nothing was stored and the message waits for its objects.
   */
  readonly isTaken: boolean;
  /** Why the message was refused, if it was. */
  readonly refusal?: Refusal | undefined;
  /** Session ids of pushes that have no waiting message left, because an inline object was the last one missing. */
  readonly finished: readonly string[];
}

/**
 * Accepts a message at once, without an open push, if each of its objects was sent inline or is already stored. The
 * caller has checked the message itself in the same transaction.
 */
export async function takeBrought(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  { message, clientAppSeconds, brought }: BroughtMessage,
): Promise<BroughtOutcome> {
  const { messageId } = message;
  const root = brought.get(messageId);
  // If the message's own object is faulty, the push reports that when the object arrives.
  if (root === undefined || rootFault(message, root.object.children) !== undefined) {
    return NOT_TAKEN;
  }
  if (root.message !== undefined && !saysTheSame(root.message, message)) return NOT_TAKEN;
  // The root object of another message is never content of this one.
  const find = (id: ObjectId) => {
    const found = brought.get(id);
    return id === messageId || found?.message === undefined ? found?.object : undefined;
  };
  const { fault, whole } = await completeTree(tx, messageId, find, context.limits);
  if (fault !== undefined) return NOT_TAKEN;
  // No second check: the caller checked this message just now, and other messages are handled after it.
  const judged = { message, clientAppSeconds };
  const refusal = await takeMessage(context, tx, effects, judged, undefined);
  const finished = await takeWholeMessages(context, tx, effects, whole);
  // The message was refused and has no open push, so nothing else would remove its objects.
  if (refusal !== undefined && (await tx.objects.standing(messageId))?.references === 0) {
    await removeUnneeded(tx, messageId);
  }
  return { isTaken: true, refusal, finished };
}

const NOT_TAKEN = { isTaken: false, finished: [] } as const;

/** Whether a message was announced with the run, sender, receiver and instruction that its own object names. */
export function saysTheSame(said: NewLinkMessage, announced: NewLinkMessage): boolean {
  return announced.runId === said.runId && announced.srcNodeId === said.srcNodeId &&
    announced.dstNodeId === said.dstNodeId && announced.replyToMessageId === said.replyToMessageId;
}
