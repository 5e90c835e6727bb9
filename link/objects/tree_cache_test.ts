import assert from "node:assert/strict";
import { type KnownTree, TreeCache } from "./tree_cache.ts";

/** A tree with this number of ids. */
function tree(root: string, size: number): KnownTree {
  const ids = Array.from({ length: size - 1 }, (_, index) => `${root}${index}`);
  return {
    ids: new Map([[root, ids], ...ids.map((id): [string, string[]] => [id, []])]),
    shape: { depth: 2, nodes: size },
  };
}

Deno.test("the tree cache removes the least recently used trees", () => {
  const cache = new TreeCache(10);
  for (const root of ["a", "b", "c"]) cache.set(root, tree(root, 3));
  assert.equal(cache.get("a")?.ids.size, 3);
  cache.set("d", tree("d", 3));
  const kept = ["a", "b", "c", "d"].filter((root) => cache.get(root) !== undefined);
  assert.deepEqual(kept, ["a", "c", "d"]);
});

Deno.test("a tree counts once, and a tree that is too large stays until the next one", () => {
  const cache = new TreeCache(10);
  for (let turn = 0; turn < 5; turn++) cache.set("a", tree("a", 6));
  assert.notEqual(cache.get("a"), undefined);
  cache.set("large", tree("large", 11));
  assert.equal(cache.get("a"), undefined);
  assert.notEqual(cache.get("large"), undefined);
  cache.set("b", tree("b", 10));
  assert.equal(cache.get("large"), undefined);
  assert.notEqual(cache.get("b"), undefined);
});
