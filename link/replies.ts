import { type Effects, type LinkContext, transact } from "./context.ts";
import { errorReply, unknownInstructionReply } from "./error_reply.ts";
import { factsOf } from "./events.ts";
import { hold } from "./hold.ts";
import { isOpen, nextInstructionState } from "./instruction_state.ts";
import type { HoldOptions, Refusal } from "./link.ts";
import { expiryOf, type LinkMessage, type LinkObject, type NewLinkMessage } from "./message.ts";
import { replyFault } from "./message_fault.ts";
import { holdContent, releaseContent } from "./objects.ts";
import type { InstructionRecord, LinkTransaction } from "./store/store.ts";
import { type Verdict, verdictOn } from "./verdict.ts";

/** See LinkService.pushReply. */
export function pushReply(
  context: LinkContext,
  nodeId: bigint,
  reply: NewLinkMessage,
  objects: readonly LinkObject[],
): Promise<LinkMessage | Refusal> {
  const { clock, limits, random } = context;
  const given = new Map(objects.map((object) => [object.id, object]));
  return transact(context, "durable", async (tx, effects) => {
    const { replyToMessageId, content } = reply;
    const now = clock.now();
    const [instruction] = await tx.instructions([replyToMessageId]);
    const reason = replyFault(reply, nodeId, instruction, now, limits) ??
      (content === undefined ? undefined : await holdContent(tx, content, given, limits));
    if (reason !== undefined || instruction === undefined) {
      const refusal = { reason: reason ?? "There is no such instruction" };
      effects.events.push({ kind: "reply-refused", nodeId, replyToMessageId, ...refusal });
      return refusal;
    }
    const taken: LinkMessage = { ...reply, messageId: random.uuid(), pushedAt: now };
    await tx.putReply(taken);
    await releaseContent(tx, instruction.message.content);
    await tx.updateInstruction(replyToMessageId, {
      state: nextInstructionState(instruction.state, "answer")!,
      deliveries: instruction.deliveries,
      told: false,
      dueAt: expiryOf(instruction.message),
    });
    effects.topics.add(`reply:${replyToMessageId}`);
    effects.events.push({
      kind: "instruction-answered",
      instruction: factsOf(instruction.message),
    });
    return taken;
  });
}

/** See LinkService.pullReplies. */
export async function pullReplies(
  context: LinkContext,
  messageIds: readonly string[],
  options: HoldOptions = {},
): Promise<LinkMessage[]> {
  const ids = [...new Set(messageIds)];
  if (ids.length === 0) return [];
  const topics = ids.map((id) => `reply:${id}` as const);
  const found = await hold(context, topics, options, () =>
    // Relaxed: an error that was told and then forgotten with the power can only turn into a reply.
    transact(context, "relaxed", async (tx, effects) => {
      const replies = await tellReplies(context, tx, effects, ids);
      const told = replies.length > 0 ? replies : await tellHopeless(context, tx, effects, ids);
      return told.length > 0 ? told : undefined;
    }));
  return found ?? [];
}

/** The replies that are there, errors in their place included. */
async function tellReplies(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  ids: readonly string[],
): Promise<LinkMessage[]> {
  const replies = await tx.replies(ids);
  const answered = await tx.instructions(replies.map(({ replyToMessageId }) => replyToMessageId));
  const instructions = new Map(answered.map((record) => [record.message.messageId, record]));
  const now = context.clock.now();
  const told: LinkMessage[] = [];
  for (const reply of replies) {
    const instruction = instructions.get(reply.replyToMessageId)!;
    const verdict = verdictOn(instruction, undefined, now, context.limits);
    if (verdict !== undefined) {
      told.push(await settle(context, tx, effects, instruction, verdict, { told: true }));
      continue;
    }
    if (!instruction.told) {
      const { state, deliveries } = instruction;
      const dueAt = now + context.limits.replyGraceSeconds;
      await tx.updateInstruction(reply.replyToMessageId, { state, deliveries, told: true, dueAt });
      effects.due(dueAt);
    }
    told.push(reply);
  }
  return told;
}

/** Errors for those instructions, none of which has a reply, that will never have one. */
async function tellHopeless(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  ids: readonly string[],
): Promise<LinkMessage[]> {
  const records = await tx.instructions(ids);
  const instructions = new Map(records.map((record) => [record.message.messageId, record]));
  const now = context.clock.now();
  const told: LinkMessage[] = [];
  for (const id of ids) {
    const instruction = instructions.get(id);
    if (instruction === undefined) {
      told.push(unknownInstructionReply(id, { messageId: context.random.uuid(), now }));
      continue;
    }
    const node = await tx.node(instruction.message.dstNodeId);
    const verdict = verdictOn(instruction, node, now, context.limits);
    if (verdict !== undefined) {
      told.push(await settle(context, tx, effects, instruction, verdict, { told: true }));
    }
  }
  return told;
}

/** Puts an error in the place of an instruction's reply and lets all content of the two go. */
async function settle(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  instruction: InstructionRecord,
  { event, error }: Verdict,
  { told }: { told: boolean },
): Promise<LinkMessage> {
  const { message, deliveries } = instruction;
  const now = context.clock.now();
  const reply = errorReply(message, error, { messageId: context.random.uuid(), now });
  await releaseContentOf(tx, instruction);
  await tx.putReply(reply);
  const state = nextInstructionState(instruction.state, event)!;
  const dueAt = now + context.limits.replyGraceSeconds;
  await tx.updateInstruction(message.messageId, { state, deliveries, told, dueAt });
  effects.due(dueAt);
  effects.topics.add(`reply:${message.messageId}`);
  effects.events.push({ kind: "instruction-failed", instruction: factsOf(message), ...error });
  return reply;
}

/** Settles an instruction whose time has passed: an unsettled one expires, a settled one is removed. */
export async function settleDueInstruction(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  instruction: InstructionRecord,
): Promise<void> {
  const verdict = verdictOn(instruction, undefined, context.clock.now(), context.limits);
  if (verdict !== undefined) {
    await settle(context, tx, effects, instruction, verdict, { told: false });
  } else {
    await releaseContentOf(tx, instruction);
    await tx.removeInstruction(instruction.message.messageId);
  }
}

/** Lets go the content that is still held for an instruction: its own while it is open, then its reply's. */
async function releaseContentOf(
  tx: LinkTransaction,
  { message, state }: InstructionRecord,
): Promise<void> {
  if (isOpen(state)) return await releaseContent(tx, message.content);
  const [reply] = await tx.replies([message.messageId]);
  await releaseContent(tx, reply?.content);
}
