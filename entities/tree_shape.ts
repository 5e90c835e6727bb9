import type { ObjectId, ObjectTree } from "./object.ts";

/** Size of an object tree, if a shared object counts once for each reference, as on the current wire. */
export interface TreeShape {
  /** Number of levels; 1 for an object without children. */
  readonly depth: number;
  /** Number of nodes. It can be exponential in the number of objects, because each reference counts. */
  readonly nodes: number;
}

/**
 * Measures the tree of a root. Visits each object once.
 *
 * @returns undefined if the tree is deeper than `maxDepth`
 */
export function treeShape(
  root: ObjectId,
  tree: ObjectTree,
  maxDepth: number,
): TreeShape | undefined {
  const known = new Map<ObjectId, TreeShape>();
  const visit = (id: ObjectId, level: number): TreeShape | undefined => {
    if (level > maxDepth) return undefined;
    const before = known.get(id);
    if (before !== undefined) return level + before.depth - 1 > maxDepth ? undefined : before;
    let [depth, nodes] = [1, 1];
    for (const child of tree.get(id) ?? []) {
      const below = visit(child, level + 1);
      if (below === undefined) return undefined;
      depth = Math.max(depth, below.depth + 1);
      nodes += below.nodes;
    }
    const shape = { depth, nodes };
    known.set(id, shape);
    return shape;
  };
  return visit(root, 1);
}
