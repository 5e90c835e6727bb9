import type { ObjectId, ObjectTree } from "./object.ts";

/** How large a tree is where an object stands at each place that refers to it, as on the current wire. */
export interface TreeShape {
  /** Levels, 1 for an object without children. */
  readonly depth: number;
  /** Objects, each as often as it stands there: a few that refer to each other can make more than there are atoms. */
  readonly nodes: number;
}

/**
 * Measures the tree under a root, looking at each object once.
 *
 * @returns undefined when it is deeper than `maxDepth`
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
