import { isMember } from "../nodes/node_state.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { ObjectCaller } from "../objects/context.ts";
import { knownTree } from "../objects/known_tree.ts";
import type { ObjectId } from "../../entities/object.ts";
import type { MessageContext, MessageTransaction } from "./context.ts";

// Access rights. A node may read the objects of instructions that it was handed and has not answered. A run's ServerApp
// may read the objects of replies that it pulled.

/** Whether the caller received the message: an instruction for a node, a reply for a run's ServerApp. */
export async function hasReceived(
  tx: MessageTransaction,
  { nodeId, runId }: ObjectCaller,
  messageId: ObjectId,
): Promise<boolean> {
  if (nodeId === SUPERLINK_NODE_ID) {
    const reply = await tx.replies.get(messageId);
    if (reply?.runId !== runId) return false;
    const [instruction] = await tx.instructions.get([reply.replyToMessageId]);
    return instruction?.replyPulled === true && instruction.state !== "cancelled";
  }
  const [node, [instruction]] = await Promise.all([
    tx.nodes.get(nodeId),
    tx.instructions.get([messageId]),
  ]);
  if (node === undefined || !isMember(node.state)) return false;
  return instruction?.state === "handed-out" && instruction.message.dstNodeId === nodeId &&
    instruction.message.runId === runId;
}

/** Whether the object belongs to a message that the caller received. */
export function mayRead(
  context: MessageContext,
  tx: MessageTransaction,
  caller: ObjectCaller,
  id: ObjectId,
): Promise<boolean> {
  return caller.nodeId === SUPERLINK_NODE_ID
    ? isInPulledReply(tx, caller.runId, id)
    : isInHandedInstruction(context, tx, caller, id);
}

/** Whether the object belongs to an instruction that the node was handed and has not answered. */
async function isInHandedInstruction(
  context: MessageContext,
  tx: MessageTransaction,
  { nodeId, runId }: ObjectCaller,
  id: ObjectId,
): Promise<boolean> {
  const node = await tx.nodes.get(nodeId);
  if (node === undefined || !isMember(node.state)) return false;
  for (const { messageId, content } of await tx.instructions.handedTo(nodeId, runId)) {
    if (id === messageId || id === content) return true;
    // Walks from the content down, with a cache, because thousands of instructions can share one model.
    if (content !== undefined && (await knownTree(context, tx, content)).ids.has(id)) return true;
  }
  return false;
}

/** Whether the object belongs to a reply that the run's ServerApp pulled. */
async function isInPulledReply(
  tx: MessageTransaction,
  runId: bigint,
  id: ObjectId,
): Promise<boolean> {
  // Walks from the object up, because an object is in few replies but a run has thousands of them.
  const seen = new Set<ObjectId>();
  const left = [id];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const reply = await tx.replies.get(next);
    if (reply !== undefined) {
      const [instruction] = await tx.instructions.get([reply.replyToMessageId]);
      const { replyPulled, state } = instruction!;
      if (reply.runId === runId && replyPulled && state !== "cancelled") return true;
    }
    left.push(...await tx.objects.parentsOf(next));
  }
  return false;
}
