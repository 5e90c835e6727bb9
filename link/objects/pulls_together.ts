import { type LinkContext, transact } from "../transactions/transactions.ts";
import { knownTree } from "./known_tree.ts";
import type { MakeRoom, ObjectsTogether, WantedObjects } from "../link.ts";
import { type ObjectId, type ObjectTree, SUPERLINK_NODE_ID } from "../messages/message.ts";
import { isMember } from "../nodes/node_state.ts";
import type { LinkTransaction } from "../store/store.ts";

/** Who asks for objects. */
interface Caller {
  readonly nodeId: bigint;
  readonly runId: bigint;
}

/** Objects that were chosen for an answer, by the message that the caller may have them for. */
interface Choice {
  readonly byMessage: ReadonlyMap<ObjectId, readonly ObjectId[]>;
  readonly bytes: number;
  readonly served: number;
}

/** See LinkService.pullObjects. */
export async function pullObjects(
  context: LinkContext,
  caller: Caller,
  wanted: WantedObjects,
  makeRoom: MakeRoom,
): Promise<ObjectsTogether> {
  const { byMessage, bytes, served } = await transact(
    context,
    "relaxed",
    (tx) => choose(context, tx, caller, wanted),
  );
  if (bytes === 0) return { objects: [], served };
  await makeRoom(bytes);
  // Looked at again: that may have taken long.
  return await transact(context, "relaxed", async (tx) => {
    const objects = [];
    for (const [messageId, ids] of byMessage) {
      if (!await mayHave(tx, caller, messageId)) continue;
      for (const id of ids) {
        const bytes = await tx.objects.bytes(id);
        if (bytes !== undefined) objects.push({ id, bytes });
      }
    }
    context.traffic.send(caller.runId, objects.reduce((sum, { bytes }) => sum + bytes.length, 0));
    return { objects, served };
  });
}

async function choose(
  context: LinkContext,
  tx: LinkTransaction,
  caller: Caller,
  { messageIds, maxBytes, maxObjects, holds }: WantedObjects,
): Promise<Choice> {
  const byMessage = new Map<ObjectId, ObjectId[]>();
  const chosen = new Set<ObjectId>(holds);
  let [served, objectsLeft, bytesLeft] = [0, maxObjects, maxBytes];
  for (const messageId of messageIds) {
    const needed = await mayHave(tx, caller, messageId)
      ? await neededOf(context, tx, messageId, chosen, maxObjects)
      : [];
    const total = needed.reduce((sum, { size }) => sum + size, 0);
    const isTooLarge = needed.length > maxObjects || total > maxBytes;
    // What comes whole in the next answer is not begun in this one.
    if (!isTooLarge && (needed.length > objectsLeft || total > bytesLeft)) break;
    const ids: ObjectId[] = [];
    for (const { id, size } of needed) {
      if (objectsLeft === 0) break;
      if (size > bytesLeft) continue;
      ids.push(id);
      chosen.add(id);
      objectsLeft--;
      bytesLeft -= size;
    }
    byMessage.set(messageId, ids);
    served++;
  }
  return { byMessage, bytes: maxBytes - bytesLeft, served };
}

/**
 * The objects of a message but for some with all that is below them, parents first, with their sizes in bytes: no more
 * than one above `most` are looked at.
 */
async function neededOf(
  context: LinkContext,
  tx: LinkTransaction,
  messageId: ObjectId,
  without: ReadonlySet<ObjectId>,
  most: number,
): Promise<{ id: ObjectId; size: number }[]> {
  const needed: { id: ObjectId; size: number }[] = [];
  const seen = new Set<ObjectId>();
  const left: { id: ObjectId; tree?: ObjectTree }[] = [{ id: messageId }];
  for (let next = left.pop(); next !== undefined && needed.length <= most; next = left.pop()) {
    const { id, tree } = next;
    if (seen.has(id) || without.has(id)) continue;
    seen.add(id);
    const size = await tx.objects.size(id);
    if (size === undefined) continue;
    needed.push({ id, size });
    const children = tree?.get(id) ?? await tx.objects.childrenOf(id);
    for (const child of children.toReversed()) {
      left.push({ id: child, tree: tree ?? (await knownTree(context, tx, child)).ids });
    }
  }
  return needed;
}

/** Whether the caller was given the message: its node an instruction, its run's ServerApp a reply. */
async function mayHave(
  tx: LinkTransaction,
  { nodeId, runId }: Caller,
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
