import { FlwrError } from "../base/error.ts";
import type { LinkLimits } from "./limits.ts";
import type { LinkObject, ObjectId } from "./message.ts";
import type { LinkTransaction } from "./store/store.ts";

// Each object counts who refers to it: the messages whose content it is, and the stored objects whose child it is.
// It goes when the last of them goes. So whatever is stored has its whole tree stored.

/**
 * Makes a message refer to its content: stores what is given and not yet there, and counts the reference.
 *
 * @param given objects by id; those that the root does not need are left alone
 * @returns what is wrong, as a sentence; nothing was stored then
 */
export async function holdContent(
  tx: LinkTransaction,
  root: ObjectId,
  given: ReadonlyMap<ObjectId, LinkObject>,
  limits: LinkLimits,
): Promise<string | undefined> {
  const added: LinkObject[] = [];
  const seen = new Set<ObjectId>();
  const visit = async (id: ObjectId, depth: number): Promise<string | undefined> => {
    if (seen.has(id) || await tx.hasObject(id)) return undefined;
    const object = given.get(id);
    if (object === undefined) return `Object "${id}" of the content is missing`;
    // Also ends a circle, which no honest hash can make.
    if (depth > limits.maxObjectDepth) {
      return `The content's objects are nested more than ${limits.maxObjectDepth} deep`;
    }
    for (const child of object.children) {
      const fault = await visit(child, depth + 1);
      if (fault !== undefined) return fault;
    }
    seen.add(id);
    added.push(object);
    return undefined;
  };
  const fault = await visit(root, 1);
  if (fault !== undefined) return fault;
  for (const object of added) {
    await tx.addObject(object);
    for (const child of object.children) await tx.addReferences(child, 1);
  }
  await tx.addReferences(root, 1);
  return undefined;
}

/** Ends a message's reference to its content; objects that nobody refers to any more are removed. */
export async function releaseContent(
  tx: LinkTransaction,
  root: ObjectId | undefined,
): Promise<void> {
  const released = root === undefined ? [] : [root];
  for (let id = released.pop(); id !== undefined; id = released.pop()) {
    if (await tx.addReferences(id, -1) > 0) continue;
    released.push(...await tx.childrenOf(id));
    await tx.removeObject(id);
  }
}

/**
 * The objects under a root, children first, each once.
 *
 * @throws not-found
 */
export async function readTree(tx: LinkTransaction, root: ObjectId): Promise<LinkObject[]> {
  const tree = new Map<ObjectId, LinkObject>();
  const visit = async (id: ObjectId): Promise<void> => {
    if (tree.has(id)) return;
    const object = await tx.object(id);
    if (object === undefined) {
      throw new FlwrError("not-found", `The SuperLink does not hold object "${id}" (any more)`);
    }
    for (const child of object.children) await visit(child);
    tree.set(id, object);
  };
  await visit(root);
  return [...tree.values()];
}
