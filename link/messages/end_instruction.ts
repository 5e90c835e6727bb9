import { errorOf } from "../runs/outcomes.ts";
import { addObjects, releaseTree } from "../objects/references.ts";
import type { MessageContext, MessageEffects, MessageTransaction } from "./context.ts";
import { errorReply } from "./error_reply.ts";
import { factsOf, timesOf } from "./events.ts";
import { nextInstructionState } from "./instruction_state.ts";
import { expiryOf, type LinkMessage } from "../../entities/message.ts";
import type { InstructionRecord } from "./message_tables.ts";
import { type Verdict, verdictOn } from "./verdict.ts";

/** Stores an error reply to an instruction, and releases the objects of the instruction and its former reply. */
export async function failInstruction(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  instruction: InstructionRecord,
  { event, error }: Verdict,
  { replyPulled }: { replyPulled: boolean },
): Promise<LinkMessage> {
  const { message, deliveries } = instruction;
  const now = context.clock.now();
  const draft = errorReply(message, error, now);
  const object = context.messageObject(draft);
  const reply: LinkMessage = { ...draft, messageId: object.id, pushedAt: now };
  await releaseObjects(tx, instruction);
  if (await tx.objects.counters(object.id) === undefined) await addObjects(tx, [object]);
  await tx.objects.addReferences(object.id, 1);
  await tx.replies.put(reply);
  await tx.runs.addError(message.runId, errorOf(reply)!);
  const state = nextInstructionState(instruction.state, event)!;
  const grace = now + context.limits.replyGraceSeconds;
  // An error that was not pulled is kept as long as a reply would be.
  const dueAt = replyPulled ? grace : Math.max(grace, expiryOf(message));
  await tx.instructions.update(message.messageId, { state, deliveries, replyPulled, dueAt });
  effects.due(dueAt);
  effects.wake(`reply:${message.messageId}`);
  effects.emit({
    kind: "instruction-failed",
    instruction: factsOf(message),
    times: timesOf(instruction),
    ...error,
  });
  return reply;
}

/** Handles an instruction that is due: fails it if it is still open or its reply expired, otherwise removes it. */
export async function handleDueInstruction(
  context: MessageContext,
  tx: MessageTransaction,
  effects: MessageEffects,
  instruction: InstructionRecord,
): Promise<void> {
  const verdict = verdictOn(instruction, undefined, context.clock.now(), context.limits);
  if (verdict === undefined) await removeInstruction(tx, instruction);
  else await failInstruction(context, tx, effects, instruction, verdict, { replyPulled: false });
}

/**
 * Removes an instruction, its reply, and the objects that are still stored for them.
 *
 * @param reply its reply; default: the store is asked
 */
export async function removeInstruction(
  tx: MessageTransaction,
  instruction: InstructionRecord,
  reply?: LinkMessage,
): Promise<void> {
  if (reply === undefined) await releaseObjects(tx, instruction);
  else await releaseTree(tx, reply.messageId);
  await tx.instructions.remove(instruction.message.messageId);
}

/** Releases the objects that are still stored for an instruction: those of its reply, or else its own. */
async function releaseObjects(
  tx: MessageTransaction,
  { message: { messageId } }: InstructionRecord,
): Promise<void> {
  const [reply] = await tx.replies.to([messageId]);
  await releaseTree(tx, reply?.messageId ?? messageId);
}
