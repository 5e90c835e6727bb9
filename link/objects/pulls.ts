import { type LinkContext, transact } from "../transactions/transactions.ts";
import type { MakeRoom, PulledObject } from "../link.ts";
import {
  type LinkObject,
  type ObjectId,
  type ObjectTree,
  SUPERLINK_NODE_ID,
} from "../messages/message.ts";
import { knownTree } from "./known_tree.ts";
import { isMember } from "../nodes/node_state.ts";
import { missingObject, readTree } from "./references.ts";
import type { LinkTransaction } from "../store/store.ts";

/** Who asks for an object. */
interface Caller {
  readonly nodeId: bigint;
  readonly runId: bigint;
}

/** See LinkService.pullObject. */
export async function pullObject(
  context: LinkContext,
  caller: Caller,
  id: ObjectId,
  makeRoom?: MakeRoom,
): Promise<PulledObject> {
  if (makeRoom !== undefined) {
    const bytes = await transact(
      context,
      "relaxed",
      async (tx) =>
        looseObject(context, caller, id)?.length ??
          (await mayPull(context, tx, caller, id) ? await tx.objects.size(id) : undefined),
    );
    if (bytes === undefined) return { found: false };
    await makeRoom(bytes);
  }
  // Looked at again: that may have taken long.
  return await transact(context, "relaxed", async (tx) => {
    const loose = looseObject(context, caller, id);
    if (loose !== undefined) return { found: true, bytes: loose };
    const bytes = await mayPull(context, tx, caller, id) ? await tx.objects.bytes(id) : undefined;
    if (bytes === undefined) return { found: false };
    context.traffic.send(caller.runId, bytes.length);
    return { found: true, bytes };
  });
}

/** The object of an error that the store does not have and the caller was told. */
function looseObject(
  { loose }: LinkContext,
  { nodeId, runId }: Caller,
  id: ObjectId,
): Uint8Array | undefined {
  const found = loose.get(id);
  return found !== undefined && nodeId === SUPERLINK_NODE_ID && found.runId === runId
    ? found.object.bytes
    : undefined;
}

function mayPull(
  context: LinkContext,
  tx: LinkTransaction,
  caller: Caller,
  id: ObjectId,
): Promise<boolean> {
  return caller.nodeId === SUPERLINK_NODE_ID
    ? wasTold(tx, caller.runId, id)
    : wasHanded(context, tx, caller, id);
}

/** See LinkService.treeOf. */
export function treeOf(context: LinkContext, root: ObjectId): Promise<ObjectTree> {
  return transact(context, "relaxed", async (tx) => {
    if (context.loose.get(root) !== undefined) return new Map([[root, []]]);
    if ((await tx.objects.standing(root))?.waits !== 0) throw missingObject(root);
    const children = await tx.objects.childrenOf(root);
    const tree = new Map<ObjectId, readonly ObjectId[]>([[root, children]]);
    for (const child of children) {
      for (const [id, below] of (await knownTree(context, tx, child)).ids) tree.set(id, below);
    }
    return tree;
  });
}

/** See LinkService.objectTree. */
export function objectTree(
  context: LinkContext,
  root: ObjectId,
  runId: bigint | undefined,
): Promise<LinkObject[]> {
  return transact(context, "relaxed", async (tx) => {
    const objects = await readTree(tx, root);
    const bytes = objects.reduce((sum, object) => sum + object.bytes.length, 0);
    if (runId !== undefined) context.traffic.send(runId, bytes);
    return objects;
  });
}

/** Whether the object is part of an instruction that the node was handed and has not answered. */
async function wasHanded(
  context: LinkContext,
  tx: LinkTransaction,
  { nodeId, runId }: Caller,
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
async function wasTold(tx: LinkTransaction, runId: bigint, id: ObjectId): Promise<boolean> {
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
