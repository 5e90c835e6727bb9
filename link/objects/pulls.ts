import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { ObjectCaller, ObjectContext, ObjectTransaction } from "./context.ts";
import { knownTree } from "./known_tree.ts";
import type { MakeRoom, ObjectId, ObjectTree, PulledObject } from "../../entities/object.ts";
import { missingObject } from "./references.ts";

/** See Objects.pull. */
export async function pullObject(
  context: ObjectContext,
  caller: ObjectCaller,
  id: ObjectId,
  makeRoom?: MakeRoom,
): Promise<PulledObject> {
  if (makeRoom !== undefined) {
    const bytes = await context.transact(
      "read-only",
      async (tx) =>
        await tx.objectRights.mayRead(caller, id)
          ? await tx.objects.size(id)
          : (await strayObject(tx, caller, id))?.length,
    );
    if (bytes === undefined) return { found: false };
    await makeRoom(bytes);
  }
  // Looked up again, because `makeRoom` may have taken a long time.
  return await context.transact("read-only", async (tx, effects) => {
    if (!await tx.objectRights.mayRead(caller, id)) {
      const stray = await strayObject(tx, caller, id);
      return stray === undefined ? { found: false } : { found: true, bytes: stray };
    }
    const bytes = await tx.objects.bytes(id);
    if (bytes === undefined) return { found: false };
    context.traffic.send(effects, caller.runId, bytes.length);
    return { found: true, bytes };
  });
}

/** The object of an error reply to an unknown instruction, if the caller pulled that reply. */
async function strayObject(
  tx: ObjectTransaction,
  { nodeId, runId }: ObjectCaller,
  id: ObjectId,
): Promise<Uint8Array | undefined> {
  if (nodeId !== SUPERLINK_NODE_ID) return undefined;
  const stray = await tx.strayReplies.get(id);
  return stray?.runId === runId ? stray.bytes : undefined;
}

/** See Objects.treeOf. */
export function treeOf(context: ObjectContext, root: ObjectId): Promise<ObjectTree> {
  return context.transact("read-only", async (tx) => {
    if ((await tx.objects.counters(root))?.waits !== 0) {
      if (await tx.strayReplies.get(root) === undefined) throw missingObject(root);
      return new Map([[root, []]]);
    }
    const children = await tx.objects.childrenOf(root);
    const tree = new Map<ObjectId, readonly ObjectId[]>([[root, children]]);
    for (const child of children) {
      for (const [id, below] of (await knownTree(context, tx, child)).ids) tree.set(id, below);
    }
    return tree;
  });
}
