import type { LinkObject, ObjectId } from "../objects/objects.ts";
import { completeTree } from "../objects/references.ts";
import { hearSelfStarted } from "../runs/self_started.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import type { LinkMessage, NewLinkMessage } from "./message.ts";
import { rootFault } from "./message_fault.ts";
import type { Refusal } from "./messages.ts";
import {
  instructionRefusal,
  recordInstruction,
  recordReply,
  replyRefusal,
  takenBefore,
} from "./record_message.ts";
import { refuse, rejectReply } from "./reject_reply.ts";
import { takeWholeMessages } from "./whole_messages.ts";

// Wires up to Flower 1.18 carry each message whole: it comes with all its objects in one call. Today's announces messages,
// and pushes their objects one by one: pushes.ts.

/** See Messages.pushInstructions. */
export function pushInstructions(
  context: MessageContext,
  messages: readonly NewLinkMessage[],
  objects: readonly LinkObject[],
): Promise<(LinkMessage | Refusal)[]> {
  const given = new Map(objects.map((object) => [object.id, object]));
  return context.transact("durable", async (tx, effects) => {
    const outcomes: (LinkMessage | Refusal)[] = [];
    for (const message of messages) {
      outcomes.push(await takeInstruction(context, tx, effects, message, given));
    }
    const runId = messages[0]?.runId;
    if (runId !== undefined) {
      await hearSelfStarted(context, tx, runId);
      await context.traffic.save(tx, effects, runId, { bytesReceived: bytesOf(objects) });
    }
    return outcomes;
  });
}

async function takeInstruction(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  message: NewLinkMessage,
  given: ReadonlyMap<string, LinkObject>,
): Promise<LinkMessage | Refusal> {
  const before = await takenBefore(tx, message);
  if (before !== undefined) return before;
  const reason = await instructionRefusal(context, tx, message) ??
    await takeObjects(context, tx, effects, message, given);
  if (reason === undefined) return await recordInstruction(context, tx, effects, message);
  refuse(effects, message, reason);
  return { reason };
}

/** See Messages.pushReply. */
export function pushReply(
  context: MessageContext,
  nodeId: bigint,
  reply: NewLinkMessage,
  objects: readonly LinkObject[],
): Promise<LinkMessage | Refusal> {
  const given = new Map(objects.map((object) => [object.id, object]));
  return context.transact("durable", async (tx, effects) => {
    const before = reply.srcNodeId === nodeId ? await takenBefore(tx, reply) : undefined;
    if (before !== undefined) return before;
    const refusal = await replyRefusal(context, tx, nodeId, reply);
    if (refusal !== undefined) {
      await rejectReply(context, tx, effects, { nodeId, reply, refusal });
      return { reason: refusal.reason };
    }
    const reason = await takeObjects(context, tx, effects, reply, given);
    if (reason !== undefined) {
      refuse(effects, reply, reason);
      return { reason };
    }
    const [instruction] = await tx.instructions.get([reply.replyToMessageId]);
    const taken = await recordReply(context, tx, effects, reply, instruction!);
    await context.traffic.save(tx, effects, reply.runId, { bytesReceived: bytesOf(objects) });
    return taken;
  });
}

/**
 * Stores the objects that a message brings with it.
 *
 * @returns what is wrong, as a sentence; nothing was stored then
 */
async function takeObjects(
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
function bytesOf(objects: readonly LinkObject[]): number {
  return objects.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
