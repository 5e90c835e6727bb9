import { FlwrError } from "../../base/error.ts";
import type { ObjectLimits, ObjectTables } from "./context.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";

// Each object counts who refers to it: the message whose own object it is, and the stored objects whose child it is. It
// goes when the last of them goes, unless an open push announced it; then it goes with that. Objects of a push come in
// any order, so one can be there before its children; it counts those that it waits for, and its tree is whole when there
// are none. Whatever a message refers to is whole.

/**
 * Adds an object that is not there.
 *
 * @returns the objects that are whole now: this one and those that waited for it alone, or none
 */
export async function addObject(tx: ObjectTables, object: LinkObject): Promise<ObjectId[]> {
  const children = [...new Set(object.children)];
  let waits = 0;
  for (const child of children) {
    if ((await tx.objects.standing(child))?.waits !== 0) waits++;
  }
  const parents = await tx.objects.parentsOf(object.id);
  await tx.objects.add(object, { references: parents.length, waits });
  for (const child of children) await tx.objects.addReferences(child, 1);
  if (waits > 0) return [];
  const whole = [object.id];
  const waiting = parents;
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (await tx.objects.endWait(id) > 0) continue;
    whole.push(id);
    waiting.push(...await tx.objects.parentsOf(id));
  }
  return whole;
}

/** What became of objects that came with a message. */
export interface Completion {
  /** What is missing or wrong, as a sentence; nothing was stored then. */
  readonly fault?: string;
  /** The objects that are whole now and were not before. */
  readonly whole: readonly ObjectId[];
}

/**
 * Stores what a message needs, of what is given and not yet there.
 *
 * @param root the message's own object
 * @param find gives the objects that came with the message; only those that the root needs are stored
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
    const standing = await tx.objects.standing(id);
    if (standing?.waits === 0) return undefined;
    // Also ends a circle, which no honest hash can make.
    if (depth > limits.maxObjectDepth) {
      return `The message's objects are nested more than ${limits.maxObjectDepth} deep`;
    }
    const object = find(id);
    if (standing === undefined && object === undefined) {
      return `Object "${id}" of the message is missing`;
    }
    const children = standing === undefined ? object!.children : await tx.objects.childrenOf(id);
    for (const child of children) {
      const fault = await visit(child, depth + 1);
      if (fault !== undefined) return fault;
    }
    seen.add(id);
    if (standing === undefined) added.push(object!);
    return undefined;
  };
  const fault = await visit(root, 1);
  if (fault !== undefined) return { fault, whole: [] };
  const whole: ObjectId[] = [];
  for (const object of added) whole.push(...await addObject(tx, object));
  return { whole };
}

/** Ends one reference to an object; objects that nobody needs any more are removed. */
export async function releaseTree(tx: ObjectTables, root: ObjectId): Promise<void> {
  if (await tx.objects.addReferences(root, -1) === 0) await removeUnneeded(tx, root);
}

/** Removes an object that nobody refers to, and what only it referred to, unless an open push needs it. */
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

/** What is thrown for an object that is not there. */
export function missingObject(id: ObjectId): FlwrError {
  return new FlwrError("not-found", `The SuperLink does not hold object "${id}" (any more)`);
}
