import { RecentMap } from "../../base/recent_map.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { Effects } from "../transactions/transactions.ts";
import type { ObjectCaller, ObjectContext } from "./context.ts";
import { knownTree } from "./known_tree.ts";
import type {
  LinkObject,
  MakeRoom,
  ObjectId,
  ObjectTree,
  PulledObject,
} from "../../entities/object.ts";
import { missingObject } from "./references.ts";

/** Number of objects to keep. A ServerApp pulls the objects of its replies at once, so few are enough. */
const CAPACITY = 1000;

/**
 * Objects of error replies to unknown instructions. They are in memory only, because the store has no instruction to
 * attach them to. After a restart, a repeated pull creates a new error reply.
 */
export class UnstoredReplies {
  readonly #objects = new RecentMap<ObjectId, { object: LinkObject; runId: bigint }>(CAPACITY);

  add(effects: Effects<never>, object: LinkObject, runId: bigint): void {
    effects.after(() => this.#objects.set(object.id, { object, runId }));
  }

  get(id: ObjectId): { readonly object: LinkObject; readonly runId: bigint } | undefined {
    return this.#objects.peek(id);
  }
}

/** See Objects.pull. */
export async function pullObject(
  context: ObjectContext,
  caller: ObjectCaller,
  id: ObjectId,
  makeRoom?: MakeRoom,
): Promise<PulledObject> {
  if (makeRoom !== undefined) {
    const bytes = await context.transact(
      "relaxed",
      async (tx) =>
        unstoredObject(context, caller, id)?.length ??
          (await tx.objectRights.mayRead(caller, id) ? await tx.objects.size(id) : undefined),
    );
    if (bytes === undefined) return { found: false };
    await makeRoom(bytes);
  }
  // Looked up again, because `makeRoom` may have taken a long time.
  return await context.transact("relaxed", async (tx, effects) => {
    const unstored = unstoredObject(context, caller, id);
    if (unstored !== undefined) return { found: true, bytes: unstored };
    const bytes = await tx.objectRights.mayRead(caller, id)
      ? await tx.objects.bytes(id)
      : undefined;
    if (bytes === undefined) return { found: false };
    context.traffic.send(effects, caller.runId, bytes.length);
    return { found: true, bytes };
  });
}

/** The object of an error reply that is not in the store, if the caller pulled that reply. */
function unstoredObject(
  { unstoredReplies }: ObjectContext,
  { nodeId, runId }: ObjectCaller,
  id: ObjectId,
): Uint8Array | undefined {
  const found = unstoredReplies.get(id);
  return found !== undefined && nodeId === SUPERLINK_NODE_ID && found.runId === runId
    ? found.object.bytes
    : undefined;
}

/** See Objects.treeOf. */
export function treeOf(context: ObjectContext, root: ObjectId): Promise<ObjectTree> {
  return context.transact("relaxed", async (tx) => {
    if (context.unstoredReplies.get(root) !== undefined) return new Map([[root, []]]);
    if ((await tx.objects.counters(root))?.waits !== 0) throw missingObject(root);
    const children = await tx.objects.childrenOf(root);
    const tree = new Map<ObjectId, readonly ObjectId[]>([[root, children]]);
    for (const child of children) {
      for (const [id, below] of (await knownTree(context, tx, child)).ids) tree.set(id, below);
    }
    return tree;
  });
}
