import { isMember } from "../nodes/node_state.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { ObjectCaller } from "../objects/context.ts";
import { knownTree } from "../objects/known_tree.ts";
import type { ObjectId } from "../../entities/object.ts";
import type { MessageContext, MessageTransaction } from "./context.ts";

// Who may have which objects: a node those of the instructions that it was handed and has not answered, a run's ServerApp
// those of the replies that it was told.

/** Whether the caller was given the message: its node an instruction, its run's ServerApp a reply. */
export async function wasGiven(
  tx: MessageTransaction,
  { nodeId, runId }: ObjectCaller,
  messageId: ObjectId,
): Promise<boolean> {
  if (nodeId === SUPERLINK_NODE_ID) {
    const reply = await tx.replies.get(messageId);
    if (reply?.runId !== runId) return false;
    const [instruction] = await tx.instructions.get([reply.replyToMessageId]);
    return instruction?.told === true && instruction.state !== "cancelled";
  }
  const node = await tx.nodes.get(nodeId);
  if (node === undefined || !isMember(node.state)) return false;
  const [instruction] = await tx.instructions.get([messageId]);
  return instruction?.state === "handed-out" && instruction.message.dstNodeId === nodeId &&
    instruction.message.runId === runId;
}

/** Whether the object is part of a message that the caller was given. */
export function mayHave(
  context: MessageContext,
  tx: MessageTransaction,
  caller: ObjectCaller,
  id: ObjectId,
): Promise<boolean> {
  return caller.nodeId === SUPERLINK_NODE_ID
    ? wasTold(tx, caller.runId, id)
    : wasHanded(context, tx, caller, id);
}

/** Whether the object is part of an instruction that the node was handed and has not answered. */
async function wasHanded(
  context: MessageContext,
  tx: MessageTransaction,
  { nodeId, runId }: ObjectCaller,
  id: ObjectId,
): Promise<boolean> {
  const node = await tx.nodes.get(nodeId);
  if (node === undefined || !isMember(node.state)) return false;
  for (const { messageId, content } of await tx.instructions.handedTo(nodeId, runId)) {
    if (id === messageId || id === content) return true;
    // Downwards, with the help of the cache: thousands of instructions can share one model.
    if (content !== undefined && (await knownTree(context, tx, content)).ids.has(id)) return true;
  }
  return false;
}

/** Whether the object is part of a reply of the run that was told. */
async function wasTold(tx: MessageTransaction, runId: bigint, id: ObjectId): Promise<boolean> {
  // Upwards, depth first: an object is in few replies, while a run has thousands of them.
  const seen = new Set<ObjectId>();
  const left = [id];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const reply = await tx.replies.get(next);
    if (reply !== undefined) {
      const [instruction] = await tx.instructions.get([reply.replyToMessageId]);
      const { told, state } = instruction!;
      if (reply.runId === runId && told && state !== "cancelled") return true;
    }
    left.push(...await tx.objects.parentsOf(next));
  }
  return false;
}
