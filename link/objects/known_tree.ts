import type { ObjectContext, ObjectTables } from "./context.ts";
import type { ObjectId } from "../../entities/object.ts";
import type { KnownTree } from "./tree_cache.ts";
import type { MessageRefusal } from "../../entities/push.ts";
import { treeShape } from "../../entities/tree_shape.ts";

/** The tree cache and the limits of trees. */
type TreeContext = Pick<ObjectContext, "limits" | "trees">;

/** The tree of a complete content, from the cache or else from the store. */
export async function knownTree(
  { limits, trees }: TreeContext,
  tx: ObjectTables,
  root: ObjectId,
): Promise<KnownTree> {
  const known = trees.get(root);
  if (known !== undefined) return known;
  const stored = await tx.objects.tree(root);
  const ids = new Map<ObjectId, ObjectId[]>();
  const left = [root];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (ids.has(id)) continue;
    const children = stored.get(id) ?? [];
    ids.set(id, children);
    left.push(...children.toReversed());
  }
  const tree = { ids, shape: treeShape(root, ids, limits.maxObjectDepth - 1) };
  trees.set(root, tree);
  return tree;
}

/**
 * Checks the depth and size of a message's stored tree, which can differ from the announced one.
 *
 * @returns why the message is refused
 */
export async function shapeFault(
  context: TreeContext,
  tx: ObjectTables,
  content: ObjectId,
): Promise<MessageRefusal | undefined> {
  const { maxObjectDepth, maxTreeNodes } = context.limits;
  const { shape } = await knownTree(context, tx, content);
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
