import type { ObjectId } from "../../entities/object.ts";
import { completeTree, removeUnneeded } from "../objects/references.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";
import { rootFault } from "./message_fault.ts";
import type { BroughtObject, Refusal } from "../../entities/push.ts";
import { takeMessage, takeWholeMessages } from "./whole_messages.ts";

/** A message that was not announced before, with what came with it. */
interface BroughtMessage {
  readonly message: LinkMessage;
  readonly clientAppSeconds: number;
  readonly brought: ReadonlyMap<ObjectId, BroughtObject>;
}

/** What became of a message whose objects may have come with it. */
interface BroughtOutcome {
  /** Whether it was dealt with; otherwise nothing was stored. */
  readonly isTaken: boolean;
  /** Why it was refused all the same. */
  readonly refusal?: Refusal | undefined;
  /** Pushes that no longer have a waiting message, because an object that came was the last that they waited for. */
  readonly finished: readonly string[];
}

/**
 * Takes a message at once, without a push that waits, if each of its objects came with it or is there. Nothing speaks
 * against the message itself: that was found in this transaction.
 */
export async function takeBrought(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  { message, clientAppSeconds, brought }: BroughtMessage,
): Promise<BroughtOutcome> {
  const { messageId } = message;
  const root = brought.get(messageId);
  // What is wrong with a message's own object is for the push to say, object by object.
  if (root === undefined || rootFault(message, root.object.children) !== undefined) {
    return NOT_TAKEN;
  }
  if (root.message !== undefined && !saysTheSame(root.message, message)) return NOT_TAKEN;
  // Other messages' own objects are not content.
  const find = (id: ObjectId) => {
    const found = brought.get(id);
    return id === messageId || found?.message === undefined ? found?.object : undefined;
  };
  const { fault, whole } = await completeTree(tx, messageId, find, context.limits);
  if (fault !== undefined) return NOT_TAKEN;
  // It was judged just now. The others come after it, so that nothing has happened since.
  const judged = { message, clientAppSeconds };
  const refusal = await takeMessage(context, tx, effects, judged, undefined);
  const finished = await takeWholeMessages(context, tx, effects, whole);
  // It was refused: no push keeps its objects.
  if (refusal !== undefined && (await tx.objects.standing(messageId))?.references === 0) {
    await removeUnneeded(tx, messageId);
  }
  return { isTaken: true, refusal, finished };
}

const NOT_TAKEN = { isTaken: false, finished: [] } as const;

/** Whether a message was announced with the sender, receiver and instruction that its own object names. */
export function saysTheSame(said: NewLinkMessage, announced: NewLinkMessage): boolean {
  return announced.runId === said.runId && announced.srcNodeId === said.srcNodeId &&
    announced.dstNodeId === said.dstNodeId && announced.replyToMessageId === said.replyToMessageId;
}
