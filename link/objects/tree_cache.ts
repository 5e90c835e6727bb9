import type { ObjectId, ObjectTree } from "../../entities/object.ts";
import type { TreeShape } from "../../entities/tree_shape.ts";

/** The tree of a complete object. */
export interface KnownTree {
  readonly ids: ObjectTree;
  /** Depth and size; undefined if the tree is deeper than allowed. */
  readonly shape: TreeShape | undefined;
}

/**
 * Cache of object trees, by root. An id is the hash of an object's bytes and so determines the whole tree: entries
 * never become wrong.
 */
export class TreeCache {
  readonly #trees = new Map<ObjectId, KnownTree>();
  readonly #maxIds: number;
  #ids = 0;

  /**
   * @param maxIds largest total number of ids. The least recently used trees are removed first. The last tree stays
   *   even if it is larger, because a SuperLink that serves one large model needs its tree for each node
   */
  constructor(maxIds: number) {
    this.#maxIds = maxIds;
  }

  get(root: ObjectId): KnownTree | undefined {
    const tree = this.#trees.get(root);
    if (tree !== undefined) {
      this.#trees.delete(root);
      this.#trees.set(root, tree);
    }
    return tree;
  }

  set(root: ObjectId, tree: KnownTree): void {
    if (this.#trees.has(root)) return;
    this.#trees.set(root, tree);
    this.#ids += tree.ids.size;
    for (const [oldest, { ids }] of this.#trees) {
      if (this.#ids <= this.#maxIds || oldest === root) break;
      this.#trees.delete(oldest);
      this.#ids -= ids.size;
    }
  }
}
