import type { ObjectId } from "../../entities/object.ts";
import { completeTree, removeUnneeded } from "../objects/references.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";
import { rootFault } from "./message_fault.ts";
import type { InlineObject, MessageRefusal } from "../../entities/push.ts";
import { acceptCompleteMessages, acceptMessage } from "./complete_messages.ts";

/** A newly announced message with the objects that were sent inline. */
interface MessageWithObjects {
  readonly message: LinkMessage;
  readonly clientAppSeconds: number;
  readonly inlineObjects: ReadonlyMap<ObjectId, InlineObject>;
}

/** Result of {@link acceptInline}. */
interface InlineOutcome {
  /**
   * Whether the message was accepted or refused. If false, nothing was stored and the message waits for its objects.
   */
  readonly isDecided: boolean;
  /** Why the message was refused, if it was. */
  readonly refusal?: MessageRefusal | undefined;
  /** Session ids of pushes that have no waiting message left, because an inline object was the last one missing. */
  readonly finished: readonly string[];
}

/**
 * Accepts a message at once, without an open push, if each of its objects was sent inline or is already stored. The
 * caller has checked the message itself in the same transaction.
 */
export async function acceptInline(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  { message, clientAppSeconds, inlineObjects }: MessageWithObjects,
): Promise<InlineOutcome> {
  const { messageId } = message;
  const root = inlineObjects.get(messageId);
  // If the message's own object is faulty, the push reports that when the object arrives.
  if (root === undefined || rootFault(message, root.object.children) !== undefined) {
    return UNDECIDED;
  }
  if (root.message !== undefined && !hasSameAddress(root.message, message)) return UNDECIDED;
  // The root object of another message is never content of this one.
  const find = (id: ObjectId) => {
    const found = inlineObjects.get(id);
    return id === messageId || found?.message === undefined ? found?.object : undefined;
  };
  const { fault, completed } = await completeTree(tx, messageId, find, context.limits);
  if (fault !== undefined) return UNDECIDED;
  // No second check: the caller checked this message just now, and other messages are handled after it.
  const judged = { message, clientAppSeconds };
  const refusal = await acceptMessage(context, tx, effects, judged, undefined);
  const finished = await acceptCompleteMessages(context, tx, effects, completed);
  // The message was refused and has no open push, so nothing else would remove its objects.
  if (refusal !== undefined && (await tx.objects.counters(messageId))?.references === 0) {
    await removeUnneeded(tx, messageId);
  }
  return { isDecided: true, refusal, finished };
}

const UNDECIDED = { isDecided: false, finished: [] } as const;

/** Whether a message was announced with the run, sender, receiver and instruction that its own object names. */
export function hasSameAddress(said: NewLinkMessage, announced: NewLinkMessage): boolean {
  return announced.runId === said.runId && announced.srcNodeId === said.srcNodeId &&
    announced.dstNodeId === said.dstNodeId && announced.replyToMessageId === said.replyToMessageId;
}
