import { releaseTree } from "../objects/references.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { factsOf } from "./events.ts";
import { nextInstructionState } from "./instruction_state.ts";
import { expiryOf, type LinkMessage, type NewLinkMessage } from "../../entities/message.ts";
import { instructionFault, replyFault } from "./message_fault.ts";
import type { InstructionRecord } from "./message_tables.ts";

/** The message as it was taken before, if it is the same that comes again. */
export async function takenBefore(
  tx: MessageTransaction,
  { messageId, runId, srcNodeId, replyToMessageId }: NewLinkMessage,
): Promise<LinkMessage | undefined> {
  const message = replyToMessageId === ""
    ? (await tx.instructions.get([messageId]))[0]?.message
    : await tx.replies.get(messageId);
  const same = message?.runId === runId && message.srcNodeId === srcNodeId &&
    message.replyToMessageId === replyToMessageId;
  return same ? message : undefined;
}

/** Why an instruction cannot be taken now, as a sentence; its objects are not looked at. */
export async function instructionRefusal(
  { clock, limits }: MessageContext,
  tx: MessageTransaction,
  message: NewLinkMessage,
): Promise<string | undefined> {
  const [run, node] = [await tx.runs.get(message.runId), await tx.nodes.get(message.dstNodeId)];
  return instructionFault(message, run, node, clock.now(), limits) ??
    await idFault(tx, message);
}

/** Why a reply cannot be taken. */
export interface ReplyRefusal {
  /** As a sentence. */
  readonly reason: string;
  /** Whether the reply itself is at fault, so that the same again will be refused again. */
  readonly forGood: boolean;
}

/** Why a reply cannot be taken now from that node; its objects are not looked at. */
export async function replyRefusal(
  { clock, limits }: MessageContext,
  tx: MessageTransaction,
  nodeId: bigint,
  reply: NewLinkMessage,
): Promise<ReplyRefusal | undefined> {
  const node = await tx.nodes.get(nodeId);
  if (node?.state === "unregistered") {
    return { reason: `Node "${nodeId}" was unregistered`, forGood: false };
  }
  const [instruction] = await tx.instructions.get([reply.replyToMessageId]);
  const fault = replyFault(reply, nodeId, instruction, clock.now(), limits);
  if (fault !== undefined) return { reason: fault, forGood: true };
  // The other message may go.
  const reason = await idFault(tx, reply);
  return reason === undefined ? undefined : { reason, forGood: false };
}

/** An id is that of one message's bytes: only a made-up one can be there already. */
async function idFault(
  tx: MessageTransaction,
  { messageId }: NewLinkMessage,
): Promise<string | undefined> {
  const taken = (await tx.instructions.get([messageId])).length > 0 ||
    await tx.replies.get(messageId) !== undefined;
  return taken ? `Message id "${messageId}" is another message's` : undefined;
}

/** Makes a message whose objects are all there, and that nothing speaks against, an instruction. */
export async function recordInstruction(
  { clock }: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  message: NewLinkMessage,
): Promise<LinkMessage> {
  const taken: LinkMessage = { ...message, pushedAt: clock.now() };
  const dueAt = expiryOf(taken);
  await tx.objects.addReferences(taken.messageId, 1);
  await tx.instructions.add({
    message: taken,
    state: "waiting",
    deliveries: 0,
    told: false,
    dueAt,
  });
  effects.due(dueAt);
  effects.wake(`work:${taken.dstNodeId}`);
  effects.emit({ kind: "instruction-pushed", instruction: factsOf(taken) });
  return taken;
}

/** Makes a message whose objects are all there, and that nothing speaks against, the reply to its instruction. */
export async function recordReply(
  { clock, outcomes }: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  message: NewLinkMessage,
  instruction: InstructionRecord,
): Promise<LinkMessage> {
  const taken: LinkMessage = { ...message, pushedAt: clock.now() };
  const { messageId, replyToMessageId } = taken;
  await tx.objects.addReferences(messageId, 1);
  await tx.replies.put(taken);
  outcomes.note(effects, taken);
  await releaseTree(tx, replyToMessageId);
  await tx.instructions.update(replyToMessageId, {
    state: nextInstructionState(instruction.state, "answer")!,
    deliveries: instruction.deliveries,
    told: false,
    dueAt: expiryOf(instruction.message),
  });
  effects.wake(`reply:${replyToMessageId}`);
  effects.emit({
    kind: "instruction-answered",
    instruction: factsOf(instruction.message),
  });
  return taken;
}
