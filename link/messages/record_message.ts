import { releaseTree } from "../objects/references.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { factsOf, timesOf } from "./events.ts";
import { nextInstructionState } from "./instruction_state.ts";
import { expiryOf, type LinkMessage, type NewLinkMessage } from "../../entities/message.ts";
import { instructionFault, replyFault } from "./message_fault.ts";
import type { InstructionRecord } from "./message_tables.ts";
import type { MessageReads } from "./read_ahead.ts";
import type { MessageRefusal } from "../../entities/push.ts";

/** The stored message, if the same message was accepted before. */
export async function acceptedBefore(
  tx: MessageReads,
  { messageId, runId, srcNodeId, replyToMessageId }: NewLinkMessage,
): Promise<LinkMessage | undefined> {
  const message = replyToMessageId === ""
    ? (await tx.instructions.get([messageId]))[0]?.message
    : await tx.replies.get(messageId);
  const same = message?.runId === runId && message.srcNodeId === srcNodeId &&
    message.replyToMessageId === replyToMessageId;
  return same ? message : undefined;
}

/** Checks an instruction against the store, but not its objects. @returns why it is refused */
export async function instructionRefusal(
  { clock, limits }: MessageContext,
  tx: MessageReads,
  message: NewLinkMessage,
): Promise<MessageRefusal | undefined> {
  const [run, node] = [await tx.runs.get(message.runId), await tx.nodes.get(message.dstNodeId)];
  return instructionFault(message, run, node, clock.now(), limits) ??
    await idFault(tx, message);
}

/** Why a message is refused, and whether that is permanent. */
export interface RefusalDetails extends MessageRefusal {
  /** Whether the message itself is wrong. If so, sending it again does not help. */
  readonly isPermanent: boolean;
}

/** Checks a node's reply against the store, but not its objects. @returns why it is refused */
export async function replyRefusal(
  { clock, limits }: MessageContext,
  tx: MessageReads,
  nodeId: bigint,
  reply: NewLinkMessage,
): Promise<RefusalDetails | undefined> {
  const node = await tx.nodes.get(nodeId);
  if (node?.state === "unregistered") {
    return {
      code: "node-unregistered",
      reason: `Node "${nodeId}" was unregistered`,
      isPermanent: false,
    };
  }
  const [instruction] = await tx.instructions.get([reply.replyToMessageId]);
  const fault = replyFault(reply, nodeId, instruction, clock.now(), limits);
  if (fault !== undefined) return { ...fault, isPermanent: true };
  // Not permanent, because the other message may be removed.
  const taken = await idFault(tx, reply);
  return taken && { ...taken, isPermanent: false };
}

/** Checks that the id is unused. An id is the hash of one message, so only a forged id can be in use. */
async function idFault(
  tx: MessageReads,
  { messageId }: NewLinkMessage,
): Promise<MessageRefusal | undefined> {
  const taken = (await tx.instructions.get([messageId])).length > 0 ||
    await tx.replies.get(messageId) !== undefined;
  return taken ? idTaken(messageId) : undefined;
}

/** The refusal of a message whose id another message has. */
export function idTaken(messageId: string): MessageRefusal {
  return { code: "id-taken", reason: `Message id "${messageId}" belongs to another message` };
}

/** Stores checked messages whose objects are all stored as instructions, in this order. */
export async function recordInstructions(
  { clock }: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  messages: readonly NewLinkMessage[],
): Promise<void> {
  const pushedAt = clock.now();
  const taken = messages.map((message): LinkMessage => ({ ...message, pushedAt }));
  await tx.objects.addReferencesAll(new Map(taken.map(({ messageId }) => [messageId, 1])));
  await tx.instructions.addAll(taken.map((message) => ({
    message,
    state: "waiting",
    deliveries: 0,
    replyPulled: false,
    dueAt: expiryOf(message),
  })));
  for (const message of taken) {
    effects.due(expiryOf(message));
    effects.wake(`work:${message.dstNodeId}`);
    effects.emit({ kind: "instruction-pushed", instruction: factsOf(message) });
  }
}

/**
 * Stores a checked message whose objects are all stored as the reply to its instruction.
 *
 * @param appSeconds how long the ClientApp worked; 0 if that is not known
 */
export async function recordReply(
  { clock }: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  message: NewLinkMessage,
  instruction: InstructionRecord,
  appSeconds: number,
): Promise<LinkMessage> {
  const taken: LinkMessage = { ...message, pushedAt: clock.now() };
  const { messageId, replyToMessageId } = taken;
  // None depends on another, so a database server gets them together.
  await Promise.all([
    tx.objects.addReferences(messageId, 1),
    tx.replies.put(taken),
    releaseTree(tx, replyToMessageId),
  ]);
  await tx.instructions.update(replyToMessageId, {
    state: nextInstructionState(instruction.state, "answer")!,
    deliveries: instruction.deliveries,
    replyPulled: false,
    dueAt: expiryOf(instruction.message),
  });
  effects.wake(`reply:${replyToMessageId}`);
  effects.emit({
    kind: "instruction-answered",
    instruction: factsOf(instruction.message),
    times: timesOf(instruction),
    appSeconds,
    ...(message.error !== undefined && { error: message.error }),
  });
  return taken;
}
