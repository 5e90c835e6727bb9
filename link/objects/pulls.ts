import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { FlwrError } from "../../base/error.ts";
import type { Effects } from "../transactions/transactions.ts";
import type { ObjectCaller, ObjectContext, ObjectTransaction } from "./context.ts";
import type { LargeObjects } from "./large_objects.ts";
import type { Place } from "./object_table.ts";
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
  let former: Place | undefined;
  for (;;) {
    // Looked up again, because `makeRoom` may have taken a long time.
    const found = await context.transact(
      "read-only",
      (tx, effects) => findObject(context, tx, effects, caller, id),
    );
    if (!("place" in found)) return found;
    const { place } = found;
    const bytes = await readPlace(context, id, place);
    if (bytes !== undefined) return { found: true, bytes };
    // Meanwhile the object may have been removed, and even stored again.
    if (place.location === former?.location) throw missingBytes(context, id);
    former = place;
  }
}

/** Finds an object for a caller who may read it: its bytes, or its place in the object store. */
async function findObject(
  context: ObjectContext,
  tx: ObjectTransaction,
  effects: Effects<never>,
  caller: ObjectCaller,
  id: ObjectId,
): Promise<PulledObject | { place: Place }> {
  if (!await tx.objectRights.mayRead(caller, id)) {
    const stray = await strayObject(tx, caller, id);
    return stray === undefined ? { found: false } : { found: true, bytes: stray };
  }
  const bytes = await tx.objects.bytes(id);
  if (bytes !== undefined) {
    context.traffic.send(effects, caller.runId, bytes.length);
    return { found: true, bytes };
  }
  const place = (await tx.objects.places([id])).get(id);
  if (place === undefined) return { found: false };
  context.traffic.send(effects, caller.runId, place.size);
  return { place };
}

async function readPlace(
  { large }: ObjectContext,
  id: ObjectId,
  place: Place,
): Promise<Uint8Array | undefined> {
  return (await requireLarge(large).read(new Map([[id, place]]))).get(id);
}

/** Error for an object whose bytes the object store lost. */
export function missingBytes({ large }: ObjectContext, id: ObjectId): FlwrError {
  return new FlwrError("data-loss", `The bytes of object "${id}" of the SuperLink are missing`, {
    hints: [
      `--object-store: They should be in "${large?.store.address}"`,
      "Find all that is missing: flwr database check … --object-store …",
    ],
  });
}

/** @throws failed-precondition if this SuperLink has no object store */
export function requireLarge(large: LargeObjects | undefined): LargeObjects {
  if (large !== undefined) return large;
  throw new FlwrError(
    "failed-precondition",
    "An object is in an object store that this SuperLink was not given",
    { hints: ["Start it with the same --object-store as the other SuperLinks"] },
  );
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
