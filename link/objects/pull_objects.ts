import type { Effects } from "../transactions/transactions.ts";
import type { ObjectCaller, ObjectContext, ObjectTransaction } from "./context.ts";
import { knownTree } from "./known_tree.ts";
import type { Place } from "./object_table.ts";
import { requireLarge } from "./pulls.ts";
import type {
  MakeRoom,
  ObjectId,
  ObjectsTogether,
  ObjectTree,
  WantedObjects,
} from "../../entities/object.ts";

/** Objects chosen for a response, by the message that gives access to them. */
interface Choice {
  readonly byMessage: ReadonlyMap<ObjectId, readonly ObjectId[]>;
  readonly bytes: number;
  readonly served: number;
}

/** See Objects.pullTogether. */
export async function pullObjects(
  context: ObjectContext,
  caller: ObjectCaller,
  wanted: WantedObjects,
  makeRoom?: MakeRoom,
): Promise<ObjectsTogether> {
  if (makeRoom === undefined) {
    const found = await context.transact("read-only", async (tx, effects) => {
      const { byMessage, served } = await choose(context, tx, caller, wanted);
      return await find(context, tx, effects, caller, [...byMessage.values()].flat(), served);
    });
    return await read(context, found);
  }
  const choice = await context.transact("read-only", (tx) => choose(context, tx, caller, wanted));
  if (choice.bytes === 0) return { objects: [], served: choice.served };
  await makeRoom(choice.bytes);
  // Checked again, because `makeRoom` may have taken a long time.
  const found = await context.transact("read-only", async (tx, effects) => {
    const ids: ObjectId[] = [];
    for (const [messageId, chosen] of choice.byMessage) {
      if (await tx.objectRights.hasReceived(caller, messageId)) ids.push(...chosen);
    }
    return await find(context, tx, effects, caller, ids, choice.served);
  });
  return await read(context, found);
}

/** Objects of a response: their bytes, or their places in the object store. */
interface Found {
  readonly ids: readonly ObjectId[];
  readonly bytesOf: ReadonlyMap<ObjectId, Uint8Array>;
  readonly places: ReadonlyMap<ObjectId, Place>;
  readonly served: number;
}

/** Finds objects that the caller may access. */
async function find(
  context: ObjectContext,
  tx: ObjectTransaction,
  effects: Effects<never>,
  caller: ObjectCaller,
  ids: readonly ObjectId[],
  served: number,
): Promise<Found> {
  const bytesOf = await tx.objects.bytesOf(ids);
  const places = await tx.objects.places(ids.filter((id) => !bytesOf.has(id)));
  const sizes = [...bytesOf.values()].map(({ length }) => length)
    .concat([...places.values()].map(({ size }) => size));
  context.traffic.send(effects, caller.runId, sizes.reduce((sum, size) => sum + size, 0));
  return { ids, bytesOf, places, served };
}

/** Reads the objects that are in the object store. One that was removed meanwhile is left out. */
async function read(
  { large }: ObjectContext,
  { ids, bytesOf, places, served }: Found,
): Promise<ObjectsTogether> {
  const outside = places.size === 0
    ? new Map<ObjectId, Uint8Array>()
    : await requireLarge(large).read(places);
  const objects = ids.flatMap((id) => {
    const bytes = bytesOf.get(id) ?? outside.get(id);
    return bytes === undefined ? [] : [{ id, bytes }];
  });
  return { objects, served };
}

async function choose(
  context: ObjectContext,
  tx: ObjectTransaction,
  caller: ObjectCaller,
  { messageIds, maxBytes, maxObjects, holds }: WantedObjects,
): Promise<Choice> {
  const byMessage = new Map<ObjectId, ObjectId[]>();
  const chosen = new Set<ObjectId>(holds);
  let [served, objectsLeft, bytesLeft] = [0, maxObjects, maxBytes];
  for (const messageId of messageIds) {
    // Together, because a database server then answers both in one go.
    const [isReceived, children] = await Promise.all([
      tx.objectRights.hasReceived(caller, messageId),
      tx.objects.childrenOf(messageId),
    ]);
    const root = new Map([[messageId, children]]);
    const needed = isReceived ? await neededOf(context, tx, root, chosen, maxObjects) : [];
    const total = needed.reduce((sum, { size }) => sum + size, 0);
    const isTooLarge = needed.length > maxObjects || total > maxBytes;
    // A message that fits into the next response is not started in this one.
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
 * The objects of a message with their sizes in bytes, parents first.
 *
 * @param root the message's own object, with its children
 * @param without objects to leave out with their trees
 * @param most number of objects after which the walk may stop; the result then has one more
 */
async function neededOf(
  context: ObjectContext,
  tx: ObjectTransaction,
  root: ObjectTree,
  without: ReadonlySet<ObjectId>,
  most: number,
): Promise<{ id: ObjectId; size: number }[]> {
  const ids = new Set<ObjectId>();
  const left: { id: ObjectId; tree?: ObjectTree }[] = [...root.keys()].map((id) => ({ id }));
  for (let next = left.pop(); next !== undefined && ids.size <= most; next = left.pop()) {
    const { id, tree } = next;
    if (ids.has(id) || without.has(id)) continue;
    ids.add(id);
    const children = (tree ?? root).get(id) ?? [];
    for (const child of children.toReversed()) {
      left.push({ id: child, tree: tree ?? (await knownTree(context, tx, child)).ids });
    }
  }
  const sizes = await tx.objects.sizes([...ids]);
  return [...ids].filter((id) => sizes.has(id)).map((id) => ({ id, size: sizes.get(id)! }));
}
