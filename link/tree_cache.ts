import type { ObjectId, ObjectTree } from "./message.ts";

/**
 * Which objects some roots are made of. An id stands for bytes and so for the whole tree below: what is remembered
 * here never becomes wrong, only useless.
 */
export class TreeCache {
  readonly #trees = new Map<ObjectId, ObjectTree>();
  readonly #maxIds: number;
  #ids = 0;

  /** @param maxIds how many ids all trees may have together; those used longest ago go first */
  constructor(maxIds: number) {
    this.#maxIds = maxIds;
  }

  get(root: ObjectId): ObjectTree | undefined {
    const tree = this.#trees.get(root);
    if (tree !== undefined) {
      this.#trees.delete(root);
      this.#trees.set(root, tree);
    }
    return tree;
  }

  set(root: ObjectId, tree: ObjectTree): void {
    if (this.#trees.has(root)) return;
    this.#trees.set(root, tree);
    this.#ids += tree.size;
    for (const [oldest, { size }] of this.#trees) {
      if (this.#ids <= this.#maxIds) break;
      this.#trees.delete(oldest);
      this.#ids -= size;
    }
  }
}
