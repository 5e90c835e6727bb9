import type { ObjectId, ObjectTree } from "../../entities/object.ts";
import type { TreeShape } from "../../entities/tree_shape.ts";

/** What is known of the tree under an object that is whole. */
export interface KnownTree {
  readonly ids: ObjectTree;
  /** Undefined when it is deeper than any message's may be. */
  readonly shape: TreeShape | undefined;
}

/**
 * Which objects some roots are made of. An id stands for bytes and so for the whole tree below: what is remembered
 * here never becomes wrong, only useless.
 */
export class TreeCache {
  readonly #trees = new Map<ObjectId, KnownTree>();
  readonly #maxIds: number;
  #ids = 0;

  /**
   * @param maxIds how many ids all trees may have together; those used longest ago go first, and the last one stays even
   *   if it has more: a SuperLink that serves one large model needs it for each node
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
