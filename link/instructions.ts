import { type Effects, type LinkContext, transact } from "./context.ts";
import { factsOf } from "./events.ts";
import { hold } from "./hold.ts";
import { nextInstructionState } from "./instruction_state.ts";
import type { HoldOptions, Refusal } from "./link.ts";
import { expiryOf, type LinkMessage, type LinkObject, type NewLinkMessage } from "./message.ts";
import { instructionFault } from "./message_fault.ts";
import { requireNode } from "./nodes.ts";
import { holdContent } from "./objects.ts";
import { requeue } from "./requeue.ts";
import type { LinkTransaction } from "./store/store.ts";

/** See LinkService.pushInstructions. */
export function pushInstructions(
  context: LinkContext,
  messages: readonly NewLinkMessage[],
  objects: readonly LinkObject[],
): Promise<(LinkMessage | Refusal)[]> {
  const given = new Map(objects.map((object) => [object.id, object]));
  return transact(context, "durable", async (tx, effects) => {
    const outcomes: (LinkMessage | Refusal)[] = [];
    for (const message of messages) {
      outcomes.push(await takeInstruction(context, tx, effects, message, given));
    }
    return outcomes;
  });
}

async function takeInstruction(
  context: LinkContext,
  tx: LinkTransaction,
  effects: Effects,
  message: NewLinkMessage,
  given: ReadonlyMap<string, LinkObject>,
): Promise<LinkMessage | Refusal> {
  const { clock, limits, random } = context;
  const { runId, dstNodeId: nodeId, content } = message;
  const now = clock.now();
  const reason =
    instructionFault(message, await tx.run(runId), await tx.node(nodeId), now, limits) ??
      (content === undefined ? undefined : await holdContent(tx, content, given, limits));
  if (reason !== undefined) {
    effects.events.push({ kind: "instruction-refused", runId, nodeId, reason });
    return { reason };
  }
  const taken: LinkMessage = { ...message, messageId: random.uuid(), pushedAt: now };
  const dueAt = expiryOf(taken);
  await tx.addInstruction({ message: taken, state: "waiting", deliveries: 0, told: false, dueAt });
  effects.due(dueAt);
  effects.topics.add(`work:${nodeId}`);
  effects.events.push({ kind: "instruction-pushed", instruction: factsOf(taken) });
  return taken;
}

/** See LinkService.pullInstruction. */
export function pullInstruction(
  context: LinkContext,
  nodeId: bigint,
  options: HoldOptions = {},
): Promise<LinkMessage | undefined> {
  return hold(context, [`work:${nodeId}`], options, async () => {
    const instruction = await handOut(context, nodeId, options.signal);
    if (instruction === undefined || !options.signal?.aborted) return instruction;
    await takeBack(context, nodeId, instruction.messageId, { counts: false });
    return undefined;
  });
}

// Relaxed: a hand-out that was forgotten is repeated after the restart, as all of them are.
function handOut(
  context: LinkContext,
  nodeId: bigint,
  signal?: AbortSignal,
): Promise<LinkMessage | undefined> {
  return transact(context, "relaxed", async (tx, effects) => {
    await requireNode(tx, nodeId);
    if (signal?.aborted) return undefined;
    const { maxDeliveries } = context.limits;
    const instruction = await tx.nextWaiting(nodeId, context.clock.now(), maxDeliveries);
    if (instruction === undefined) return undefined;
    const { message, told, dueAt } = instruction;
    const state = nextInstructionState(instruction.state, "hand-out")!;
    const deliveries = instruction.deliveries + 1;
    await tx.updateInstruction(message.messageId, { state, deliveries, told, dueAt });
    effects.events.push({
      kind: "instruction-handed-out",
      instruction: factsOf(message),
      delivery: deliveries,
    });
    return message;
  });
}

/** See LinkService.returnInstruction. */
export function returnInstruction(
  context: LinkContext,
  nodeId: bigint,
  messageId: string,
): Promise<void> {
  return takeBack(context, nodeId, messageId, { counts: true });
}

/** `counts`: whether the node may have seen it, so that it counts as a delivery. */
function takeBack(
  context: LinkContext,
  nodeId: bigint,
  messageId: string,
  { counts }: { counts: boolean },
): Promise<void> {
  return transact(context, "relaxed", async (tx, effects) => {
    const [instruction] = await tx.instructions([messageId]);
    if (instruction?.message.dstNodeId !== nodeId || instruction.state !== "handed-out") return;
    const deliveries = instruction.deliveries - (counts ? 0 : 1);
    await requeue(context, tx, effects, { ...instruction, deliveries }, "returned");
  });
}
