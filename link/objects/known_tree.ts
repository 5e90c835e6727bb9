import type { ObjectContext, ObjectTables } from "./context.ts";
import type { ObjectId } from "../../entities/object.ts";
import type { KnownTree } from "./tree_cache.ts";
import { treeShape } from "../../entities/tree_shape.ts";

/** Where trees are kept. */
type TreeContext = Pick<ObjectContext, "limits" | "trees">;

/** The tree of a content that is whole, read from the store the first time. */
export async function knownTree(
  { limits, trees }: TreeContext,
  tx: ObjectTables,
  root: ObjectId,
): Promise<KnownTree> {
  const known = trees.get(root);
  if (known !== undefined) return known;
  const ids = new Map<ObjectId, ObjectId[]>();
  const left = [root];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (ids.has(id)) continue;
    const children = await tx.objects.childrenOf(id);
    ids.set(id, children);
    left.push(...children.toReversed());
  }
  const tree = { ids, shape: treeShape(root, ids, limits.maxObjectDepth - 1) };
  trees.set(root, tree);
  return tree;
}

/** Why the objects of a message cannot be handed out, as a sentence, whatever tree was announced for them. */
export async function shapeFault(
  context: TreeContext,
  tx: ObjectTables,
  content: ObjectId,
): Promise<string | undefined> {
  const { maxObjectDepth, maxTreeNodes } = context.limits;
  const { shape } = await knownTree(context, tx, content);
  if (shape === undefined) {
    return `The message's objects are nested more than ${maxObjectDepth} deep`;
  }
  return shape.nodes < maxTreeNodes
    ? undefined
    : `The message's objects form a tree of more than ${maxTreeNodes} nodes`;
}
