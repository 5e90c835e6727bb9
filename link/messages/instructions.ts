import { requireMember, requireNode } from "../nodes/presence.ts";
import { longPoll } from "../transactions/long_poll.ts";
import type { MessageContext, WorkLook } from "./context.ts";
import { factsOf } from "./events.ts";
import { nextInstructionState } from "./instruction_state.ts";
import type { UnansweredInstructions } from "./message_tables.ts";
import type { HandedInstruction, PullOptions } from "./messages.ts";
import { requeueHanded, requeueInstruction } from "./requeue.ts";

/** See Messages.pullInstruction. */
export async function pullInstruction(
  context: MessageContext,
  nodeId: bigint,
  options: PullOptions = {},
): Promise<HandedInstruction | undefined> {
  // The number of joins that the first attempt finds.
  const pull: { joins?: number } = {};
  // Only pulls that are held, because most of those find nothing at first.
  const looks = (options.holdSeconds ?? 0) > 0 ? context.workLooks : undefined;
  const deadline = context.clock.now() + (options.holdSeconds ?? 0);
  let isFirst = true;
  // Only in the first attempt: a later one would requeue what another pull received in the meantime.
  let emptyHanded = options.emptyHanded === true;
  const found = await longPoll(context, [`work:${nodeId}`], options, "end", async () => {
    // A wake-up means that there is an instruction.
    const isWoken = !isFirst && context.clock.now() < deadline;
    isFirst = false;
    if (!isWoken && !emptyHanded && looks !== undefined) {
      const { node, isWaiting } = await looks.run(nodeId);
      const { joins } = requireMember(nodeId, node);
      pull.joins ??= joins;
      if (pull.joins !== joins) return REPLACED;
      if (!isWaiting) return undefined;
    }
    const instruction = await handOut(context, nodeId, { ...options, pull, emptyHanded });
    emptyHanded = false;
    if (instruction === undefined || instruction === REPLACED) return instruction;
    if (!options.signal?.aborted) return instruction;
    await requeueDelivery(context, nodeId, instruction, { counts: false });
    return undefined;
  });
  return found === REPLACED ? undefined : found;
}

/** Looks together whether instructions wait for nodes. @param nodeIds may name a node several times */
export function lookForWork(
  context: MessageContext,
  nodeIds: readonly bigint[],
): Promise<WorkLook[]> {
  return context.transact("read-only", async (tx) => {
    const [nodes, waiting] = await Promise.all([
      tx.nodes.withIds(nodeIds),
      tx.instructions.waitingFor(nodeIds),
    ]);
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    const waited = new Set(waiting);
    return nodeIds.map((nodeId) => {
      const node = byId.get(nodeId);
      return { isWaiting: waited.has(nodeId), ...(node !== undefined && { node }) };
    });
  });
}

/** See Messages.unanswered. */
export function unanswered(context: MessageContext): Promise<UnansweredInstructions[]> {
  return context.transact("read-only", (tx) => tx.instructions.unanswered());
}

/** Result of a pull whose node has joined again since: the pull ends. */
const REPLACED = "replaced";

// Relaxed, because after a restart all instructions that were handed out are handed out again anyway.
function handOut(
  context: MessageContext,
  nodeId: bigint,
  { pull, emptyHanded, signal }: PullOptions & { readonly pull: { joins?: number } },
): Promise<HandedInstruction | typeof REPLACED | undefined> {
  return context.transact("relaxed", async (tx, effects) => {
    const next = () =>
      tx.instructions.nextWaiting(nodeId, context.clock.now(), context.limits.maxDeliveries);
    const [{ joins }, first] = await Promise.all([
      requireNode(tx, nodeId),
      emptyHanded ? undefined : next(),
    ]);
    pull.joins ??= joins;
    if (pull.joins !== joins) return REPLACED;
    if (signal?.aborted) return undefined;
    if (emptyHanded) await requeueHanded(context, tx, effects, nodeId, "did-not-arrive");
    const instruction = emptyHanded ? await next() : first;
    if (instruction === undefined) return undefined;
    const { message, replyPulled, dueAt } = instruction;
    const state = nextInstructionState(instruction.state, "hand-out")!;
    await context.server.keep(tx, effects);
    const deliveries = instruction.deliveries + 1;
    await tx.instructions.update(message.messageId, {
      state,
      holder: context.server.id,
      deliveries,
      replyPulled,
      dueAt,
      handedOutAt: context.clock.now(),
    });
    effects.emit({
      kind: "instruction-handed-out",
      instruction: factsOf(message),
      delivery: deliveries,
    });
    return { ...message, delivery: deliveries };
  });
}

/** See Messages.returnInstruction. */
export function returnInstruction(
  context: MessageContext,
  nodeId: bigint,
  handed: Delivery,
): Promise<void> {
  return requeueDelivery(context, nodeId, handed, { counts: true });
}

/** Identifies one delivery of an instruction. */
type Delivery = Pick<HandedInstruction, "messageId" | "delivery">;

/**
 * Requeues one delivery of an instruction.
 *
 * @param options `counts`: whether this counts as a delivery, because the node may have received the instruction
 */
function requeueDelivery(
  context: MessageContext,
  nodeId: bigint,
  { messageId, delivery }: Delivery,
  { counts }: { counts: boolean },
): Promise<void> {
  return context.transact("relaxed", async (tx, effects) => {
    const [instruction] = await tx.instructions.get([messageId]);
    if (instruction?.message.dstNodeId !== nodeId || instruction.state !== "handed-out") return;
    if (instruction.deliveries !== delivery) return;
    const deliveries = instruction.deliveries - (counts ? 0 : 1);
    await requeueInstruction(context, tx, effects, { ...instruction, deliveries }, "returned");
  });
}
