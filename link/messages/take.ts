import type { LinkObject, ObjectId } from "../objects/objects.ts";
import { completeTree } from "../objects/references.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import type { NewLinkMessage } from "./message.ts";
import { rootFault } from "./message_fault.ts";
import { takeWholeMessages } from "./whole_messages.ts";

/**
 * Stores the objects that a message brings with it.
 *
 * @returns what is wrong, as a sentence; nothing was stored then
 */
export async function takeObjects(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  message: NewLinkMessage,
  given: ReadonlyMap<ObjectId, LinkObject>,
): Promise<string | undefined> {
  const { messageId } = message;
  const root = given.get(messageId);
  const reason = root && rootFault(message, root.children);
  if (reason !== undefined) return reason;
  const { fault, whole } = await completeTree(tx, messageId, given, context.limits);
  if (fault !== undefined) return fault;
  // It may have been announced before, by a caller that now brings it whole.
  await tx.pushes.removeMessage(messageId);
  await takeWholeMessages(context, tx, effects, whole);
  return undefined;
}

/** The bytes of the objects that came with messages. */
export function bytesOf(objects: readonly LinkObject[]): number {
  return objects.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
