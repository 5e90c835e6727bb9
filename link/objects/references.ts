import { FlwrError } from "../../base/error.ts";
import type { ObjectLimits, ObjectTables } from "./context.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";

// Reference counting of objects. The references to an object come from the message whose root it is, and from the
// stored objects whose child it is. It is removed with its last reference, unless an open push announced it; then it is
// removed with the push. Objects of a push arrive in any order, so an object can be stored before its children. It
// counts the children that are missing or incomplete; at 0 it is complete. Every object of an accepted message is
// complete.

/**
 * Adds an object that is not stored yet.
 *
 * @returns ids of the objects that this completes: itself and its ancestors, or none
 */
export async function addObject(tx: ObjectTables, object: LinkObject): Promise<ObjectId[]> {
  const children = [...new Set(object.children)];
  let waits = 0;
  for (const child of children) {
    if ((await tx.objects.counters(child))?.waits !== 0) waits++;
  }
  const parents = await tx.objects.parentsOf(object.id);
  await tx.objects.add(object, { references: parents.length, waits });
  for (const child of children) await tx.objects.addReferences(child, 1);
  if (waits > 0) return [];
  const completed = [object.id];
  const waiting = parents;
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (await tx.objects.endWait(id) > 0) continue;
    completed.push(id);
    waiting.push(...await tx.objects.parentsOf(id));
  }
  return completed;
}

/** Result of {@link completeTree}. */
export interface Completion {
  /** What is missing or wrong, as a sentence. If set, nothing was stored. */
  readonly fault?: string;
  /** Ids of objects that became complete. */
  readonly completed: readonly ObjectId[];
}

/**
 * Stores the objects of a message that are not stored yet, if all of them are available.
 *
 * @param root id of the message's own object
 * @param find returns an object that was sent with the message; only objects in the root's tree are stored
 */
export async function completeTree(
  tx: ObjectTables,
  root: ObjectId,
  find: (id: ObjectId) => LinkObject | undefined,
  limits: ObjectLimits,
): Promise<Completion> {
  const added: LinkObject[] = [];
  const seen = new Set<ObjectId>();
  const visit = async (id: ObjectId, depth: number): Promise<string | undefined> => {
    if (seen.has(id)) return undefined;
    const counters = await tx.objects.counters(id);
    if (counters?.waits === 0) return undefined;
    // This also ends a cycle, which is impossible with real hashes.
    if (depth > limits.maxObjectDepth) {
      return `The message's objects are nested more than ${limits.maxObjectDepth} deep`;
    }
    const object = find(id);
    if (counters === undefined && object === undefined) {
      return `Object "${id}" of the message is missing`;
    }
    const children = counters === undefined ? object!.children : await tx.objects.childrenOf(id);
    for (const child of children) {
      const fault = await visit(child, depth + 1);
      if (fault !== undefined) return fault;
    }
    seen.add(id);
    if (counters === undefined) added.push(object!);
    return undefined;
  };
  const fault = await visit(root, 1);
  if (fault !== undefined) return { fault, completed: [] };
  const completed: ObjectId[] = [];
  for (const object of added) completed.push(...await addObject(tx, object));
  return { completed };
}

/** Removes one reference to an object, and all objects that are then unreferenced. */
export async function releaseTree(tx: ObjectTables, root: ObjectId): Promise<void> {
  if (await tx.objects.addReferences(root, -1) === 0) await removeUnneeded(tx, root);
}

/**
 * Removes an unreferenced object, and objects that only it referred to, except for those that an open push announced.
 */
export async function removeUnneeded(tx: ObjectTables, root: ObjectId): Promise<void> {
  const left = [root];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (await tx.pushes.isAnnounced(id)) continue;
    const children = await tx.objects.childrenOf(id);
    await tx.objects.remove(id);
    for (const child of children) {
      if (await tx.objects.addReferences(child, -1) === 0) left.push(child);
    }
  }
}

/** Error for an object that is not stored. */
export function missingObject(id: ObjectId): FlwrError {
  return new FlwrError("not-found", `The SuperLink has no object "${id}", or no longer has it`);
}
