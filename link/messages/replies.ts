import { longPoll, type LongPollOptions } from "../transactions/long_poll.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { unknownInstructionReply } from "./error_reply.ts";
import { isOpen } from "./instruction_state.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { expiryOf, type LinkMessage } from "../../entities/message.ts";
import type { StrayReplyRecord } from "../objects/stray_reply_table.ts";
import type { InstructionRecord } from "./message_tables.ts";
import { failInstruction, removeInstruction } from "./end_instruction.ts";
import { type Verdict, verdictOn } from "./verdict.ts";

/** See Messages.pullReplies. */
export async function pullReplies(
  context: MessageContext,
  messageIds: readonly string[],
  options: LongPollOptions & { runId?: bigint } = {},
): Promise<LinkMessage[]> {
  const ids = [...new Set(messageIds)];
  if (ids.length === 0) return [];
  const { runId } = options;
  const topics = ids.map((id) => `reply:${id}` as const);
  const found = await longPoll(context, topics, options, "hold-briefly", async () => {
    const asked = ids.filter((id) => !context.pendingReplies.has(id, runId));
    if (asked.length === 0) return undefined;
    // Relaxed, because if a power failure undoes an error that was already pulled, the instruction can still get a
    // reply.
    const collected = await context.transact(
      "relaxed",
      (tx, effects) => collectReplies(context, tx, effects, asked, runId),
    );
    return collected.length > 0 ? collected : undefined;
  });
  return found ?? [];
}

/** All stored replies. Only if there are none: errors for instructions that will never have a reply. */
async function collectReplies(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  ids: readonly string[],
  runId: bigint | undefined,
): Promise<LinkMessage[]> {
  const { clock, limits, pendingReplies } = context;
  const now = clock.now();
  const asked = await instructionsOf(tx, ids, runId);
  const settled = [...asked.values()].filter(({ state }) => !isOpen(state));
  const replies = await tx.replies.to(settled.map(({ message }) => message.messageId));
  const collected: LinkMessage[] = [];
  for (const reply of replies) {
    const instruction = asked.get(reply.replyToMessageId)!;
    const verdict = verdictOn(instruction, undefined, now, limits);
    if (verdict !== undefined) {
      collected.push(
        await failInstruction(context, tx, effects, instruction, verdict, { replyPulled: true }),
      );
    } else {
      if (!instruction.replyPulled) await markPulled(context, tx, effects, instruction, runId);
      collected.push(reply);
    }
  }
  const hopeless: [InstructionRecord, Verdict][] = [];
  const open = [...asked.values()].filter(({ state }) => isOpen(state));
  const nodes = await tx.nodes.withIds([...new Set(open.map(({ message }) => message.dstNodeId))]);
  const nodeOf = new Map(nodes.map((node) => [node.nodeId, node]));
  for (const instruction of open) {
    const { messageId, dstNodeId } = instruction.message;
    const verdict = verdictOn(instruction, nodeOf.get(dstNodeId), now, limits);
    if (verdict === undefined) pendingReplies.add(effects, messageId, instruction.message.runId);
    else hopeless.push([instruction, verdict]);
  }
  if (collected.length > 0) return collected;
  for (const [instruction, verdict] of hopeless) {
    collected.push(
      await failInstruction(context, tx, effects, instruction, verdict, { replyPulled: true }),
    );
  }
  const unknown = ids.filter((id) => !asked.has(id));
  collected.push(...await strayReplies(context, tx, effects, unknown, runId ?? 0n));
  return collected;
}

/** Error replies to instructions that the store does not have. Their objects can be pulled for a while. */
async function strayReplies(
  { clock, limits, messageObject }: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  ids: readonly string[],
  runId: bigint,
): Promise<LinkMessage[]> {
  if (ids.length === 0) return [];
  const now = clock.now();
  const dueAt = now + limits.replyGraceSeconds;
  const replies: LinkMessage[] = [];
  for (const id of ids) {
    const draft = unknownInstructionReply(id, runId, now);
    const object = messageObject(draft);
    await tx.strayReplies.put({ objectId: object.id, runId, bytes: object.bytes, dueAt });
    replies.push({ ...draft, messageId: object.id, pushedAt: now });
  }
  await tx.strayReplies.keep(limits.maxStrayReplies);
  effects.due(dueAt);
  return replies;
}

/** Removes the object of an error reply whose time has passed. */
export async function handleDueStrayReply(
  _context: MessageContext,
  tx: MessageTransaction,
  _effects: MessageEffects,
  { objectId }: StrayReplyRecord,
): Promise<void> {
  await tx.strayReplies.remove(objectId);
}

/** The instructions that the caller may see, by id. Instructions of a finished run count as removed. */
async function instructionsOf(
  tx: MessageTransaction,
  ids: readonly string[],
  runId: bigint | undefined,
): Promise<Map<string, InstructionRecord>> {
  const records = await tx.instructions.get(ids);
  const known = records.filter(({ message, state }) =>
    state !== "cancelled" && (runId === undefined || message.runId === runId)
  );
  return new Map(known.map((record) => [record.message.messageId, record]));
}

async function markPulled(
  { clock, limits }: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  { message, state, deliveries }: InstructionRecord,
  runId: bigint | undefined,
): Promise<void> {
  const grace = clock.now() + limits.replyGraceSeconds;
  const dueAt = runId === undefined ? grace : Math.max(grace, expiryOf(message));
  await tx.instructions.update(message.messageId, { state, deliveries, replyPulled: true, dueAt });
  effects.due(dueAt);
}

/** See Messages.confirmReceived. */
export function confirmReceived(
  context: MessageContext,
  { nodeId, runId }: { nodeId: bigint; runId: bigint },
  messageId: string,
): Promise<void> {
  // A node confirms instructions, which are kept until it answers.
  if (nodeId !== SUPERLINK_NODE_ID) return Promise.resolve();
  return context.transact("relaxed", async (tx) => {
    const reply = await tx.replies.get(messageId);
    if (reply?.runId !== runId) return;
    const [instruction] = await tx.instructions.get([reply.replyToMessageId]);
    if (instruction?.replyPulled) await removeInstruction(tx, instruction, reply);
  });
}
