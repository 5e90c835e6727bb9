import type { LinkObject, ObjectId } from "../objects/objects.ts";
import { completeTree, removeUnneeded } from "../objects/references.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import type { LinkMessage, NewLinkMessage } from "./message.ts";
import { rootFault } from "./message_fault.ts";
import type { BroughtObject } from "./messages.ts";
import { takeMessage, takeWholeMessages } from "./whole_messages.ts";

/** A message that was not announced before, with what came with it. */
interface BroughtMessage {
  readonly message: LinkMessage;
  readonly clientAppSeconds: number;
  readonly brought: ReadonlyMap<ObjectId, BroughtObject>;
}

/**
 * Takes a message at once, without a push that waits, where its objects came with it or are there.
 *
 * @returns whether it did: nothing was stored otherwise; and the pushes of which no message waits any more, because an
 *   object that came was the last that they waited for
 */
export async function takeBrought(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  { message, clientAppSeconds, brought }: BroughtMessage,
): Promise<{ isTaken: boolean; finished: readonly string[] }> {
  const { messageId } = message;
  const root = brought.get(messageId);
  // What is wrong with a message's own object is for the push to say, object by object.
  if (root === undefined || rootFault(message, root.object.children) !== undefined) {
    return NOT_TAKEN;
  }
  if (root.message !== undefined && !saysTheSame(root.message, message)) return NOT_TAKEN;
  const given = new Map<ObjectId, LinkObject>([[messageId, root.object]]);
  for (const { object, message: said } of brought.values()) {
    if (said === undefined) given.set(object.id, object);
  }
  const { fault, whole } = await completeTree(tx, messageId, given, context.limits);
  if (fault !== undefined) return NOT_TAKEN;
  const finished = await takeWholeMessages(context, tx, effects, whole);
  await takeMessage(context, tx, effects, { message, clientAppSeconds });
  // It was refused: no push keeps its objects.
  if ((await tx.objects.standing(messageId))?.references === 0) await removeUnneeded(tx, messageId);
  return { isTaken: true, finished };
}

const NOT_TAKEN = { isTaken: false, finished: [] } as const;

/** Whether a message was announced with the sender, receiver and instruction that its own object names. */
export function saysTheSame(said: NewLinkMessage, announced: NewLinkMessage): boolean {
  return announced.runId === said.runId && announced.srcNodeId === said.srcNodeId &&
    announced.dstNodeId === said.dstNodeId && announced.replyToMessageId === said.replyToMessageId;
}
