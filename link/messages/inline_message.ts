import type { ObjectId } from "../../entities/object.ts";
import { addObjects, NewTrees, removeUnneeded } from "../objects/references.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";
import { rootFault } from "./message_fault.ts";
import type { InlineObject, MessageRefusal } from "../../entities/push.ts";
import { acceptAnnouncedMessages, acceptMessages } from "./complete_messages.ts";

/** A newly announced message, which the caller has checked in the same transaction. */
export interface NewMessage {
  readonly message: LinkMessage;
  readonly clientAppSeconds: number;
}

/** Result of {@link acceptInline}. */
interface InlineOutcome {
  /**
   * For each message: whether it was accepted or refused, and why. If it was not decided, nothing was stored and the
   * message waits for its objects.
   */
  readonly messages: readonly {
    readonly isDecided: boolean;
    readonly refusal?: MessageRefusal | undefined;
  }[];
  /** Session ids of pushes that have no waiting message left, because an inline object was the last one missing. */
  readonly finished: readonly string[];
}

/**
 * Accepts messages at once, without an open push, if each of their objects was sent inline or is already stored.
 *
 * @param messages with different ids, and replies to different instructions
 */
export async function acceptInline(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  messages: readonly NewMessage[],
  inlineObjects: ReadonlyMap<ObjectId, InlineObject>,
): Promise<InlineOutcome> {
  const trees = new NewTrees(tx);
  const inline = [...inlineObjects.values()].map(({ object }) => object);
  await trees.expect(inline.flatMap(({ id, children }) => [id, ...children]));
  const decided = new Set<LinkMessage>();
  for (const { message } of messages) {
    if (await addInline(context, trees, message, inlineObjects)) decided.add(message);
  }
  const completed = await addObjects(tx, trees.objects);
  // No second check: the caller checked these messages just now.
  const accepted = messages.filter(({ message }) => decided.has(message));
  const [refusals, announced] = await Promise.all([
    acceptMessages(context, tx, effects, accepted, trees.objects),
    completed.length === 0 ? [] : tx.pushes.messages(completed),
  ]);
  const finished = await acceptAnnouncedMessages(context, tx, effects, completed, announced);
  // A refused message has no open push, so nothing else would remove its objects.
  const refused = accepted.filter((_, index) => refusals[index] !== undefined)
    .map(({ message }) => message.messageId);
  const standings = await tx.objects.standings(refused);
  await removeUnneeded(tx, refused.filter((id) => standings.get(id)?.references === 0));
  const refusalOf = new Map(accepted.map(({ message }, index) => [message, refusals[index]]));
  return {
    messages: messages.map(({ message }) => ({
      isDecided: decided.has(message),
      refusal: refusalOf.get(message),
    })),
    finished,
  };
}

/** Adds the objects of a message, if all are available. */
async function addInline(
  context: MessageContext,
  trees: NewTrees,
  message: LinkMessage,
  inlineObjects: ReadonlyMap<ObjectId, InlineObject>,
): Promise<boolean> {
  const { messageId } = message;
  const root = inlineObjects.get(messageId);
  // If the message's own object is faulty, the push reports that when the object arrives.
  if (root === undefined || rootFault(message, root.object.children) !== undefined) return false;
  if (root.message !== undefined && !hasSameAddress(root.message, message)) return false;
  // The root object of another message is never content of this one.
  const find = (id: ObjectId) => {
    const found = inlineObjects.get(id);
    return id === messageId || found?.message === undefined ? found?.object : undefined;
  };
  return await trees.add(messageId, find, context.limits) === undefined;
}

/** Whether a message was announced with the run, sender, receiver and instruction that its own object names. */
export function hasSameAddress(said: NewLinkMessage, announced: NewLinkMessage): boolean {
  return announced.runId === said.runId && announced.srcNodeId === said.srcNodeId &&
    announced.dstNodeId === said.dstNodeId && announced.replyToMessageId === said.replyToMessageId;
}
