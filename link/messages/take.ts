import type { Effects, LinkContext } from "../transactions/transactions.ts";
import type { LinkObject, NewLinkMessage, ObjectId } from "./message.ts";
import { rootFault } from "./message_fault.ts";
import { completeTree } from "../objects/references.ts";
import type { LinkTransaction } from "../store/store.ts";
import { takeWholeMessages } from "./whole_messages.ts";

/**
 * Stores the objects that a message brings with it.
 *
 * @returns what is wrong, as a sentence; nothing was stored then
 */
export async function takeObjects(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
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
