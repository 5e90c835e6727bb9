import type { ObjectContext, ObjectTables } from "./context.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";
import type { KnownTree } from "./tree_cache.ts";
import type { MessageRefusal } from "../../entities/push.ts";
import { treeShape } from "../../entities/tree_shape.ts";

/** The tree cache and the limits of trees. */
type TreeContext = Pick<ObjectContext, "limits" | "trees">;

/**
 * The tree of a complete content, from the cache or else from the store.
 *
 * @param added objects that this transaction has added. If the whole tree is among them, it need not be read
 */
export async function knownTree(
  { limits, trees }: TreeContext,
  tx: ObjectTables,
  root: ObjectId,
  added: readonly LinkObject[] = [],
): Promise<KnownTree> {
  const known = trees.get(root);
  if (known !== undefined) return known;
  const childrenOf = new Map(added.map(({ id, children }) => [id, [...new Set(children)]]));
  const ids = treeAmong(root, (id) => childrenOf.get(id)) ?? await storedTree(tx, root);
  const tree = { ids, shape: treeShape(root, ids, limits.maxObjectDepth - 1) };
  trees.set(root, tree);
  return tree;
}

async function storedTree(tx: ObjectTables, root: ObjectId): Promise<Map<ObjectId, ObjectId[]>> {
  const stored = await tx.objects.tree(root);
  return treeAmong(root, (id) => stored.get(id) ?? [])!;
}

/** For each object of a tree, parents first, its children. @returns undefined if those of an object are unknown */
function treeAmong(
  root: ObjectId,
  childrenOf: (id: ObjectId) => ObjectId[] | undefined,
): Map<ObjectId, ObjectId[]> | undefined {
  const ids = new Map<ObjectId, ObjectId[]>();
  const left = [root];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (ids.has(id)) continue;
    const children = childrenOf(id);
    if (children === undefined) return undefined;
    ids.set(id, children);
    left.push(...children.toReversed());
  }
  return ids;
}

/**
 * Checks the depth and size of a message's stored tree, which can differ from the announced one.
 *
 * @param added see {@link knownTree}
 * @returns why the message is refused
 */
export async function shapeFault(
  context: TreeContext,
  tx: ObjectTables,
  content: ObjectId,
  added: readonly LinkObject[],
): Promise<MessageRefusal | undefined> {
  const { maxObjectDepth, maxTreeNodes } = context.limits;
  const { shape } = await knownTree(context, tx, content, added);
  if (shape === undefined) {
    return {
      code: "objects-too-deep",
      reason: `The message's objects are nested more than ${maxObjectDepth} deep`,
    };
  }
  return shape.nodes < maxTreeNodes ? undefined : {
    code: "objects-too-many",
    reason: `The message's objects form a tree of more than ${maxTreeNodes} nodes`,
  };
}
