import assert from "node:assert/strict";
import { treeShape } from "./tree_shape.ts";

/** A tree of `levels` levels with `width` objects each. Each object refers to all objects of the next level. */
function lattice(levels: number, width: number): Map<string, string[]> {
  const names = (level: number) =>
    level === levels ? [] : Array.from({ length: width }, (_, place) => `${level}.${place}`);
  const tree = new Map([["root", names(0)]]);
  for (let level = 0; level < levels; level++) {
    for (const name of names(level)) tree.set(name, names(level + 1));
  }
  return tree;
}

Deno.test("tree shape: a shared object counts once for each reference", () => {
  assert.deepEqual(treeShape("root", new Map([["root", []]]), 1), { depth: 1, nodes: 1 });
  assert.deepEqual(treeShape("root", lattice(2, 3), 16), { depth: 3, nodes: 1 + 3 + 9 });
  const shape = treeShape("root", lattice(15, 10), 16)!;
  assert.deepEqual([shape.depth, shape.nodes > 1e15], [16, true]);
});

Deno.test("tree shape: a tree that is too deep is not measured, whichever path is too long", () => {
  assert.equal(treeShape("root", lattice(16, 1), 16), undefined);
  assert.equal(treeShape("root", lattice(100_000, 1), 16), undefined);
  const [long, short] = [["a", "b", "c"], ["b", "a"]];
  for (const children of [["b", "a"], ["a", "b"]]) {
    const tree = new Map([["root", children], ["a", ["b"]], ["b", ["c"]], ["c", []]]);
    assert.deepEqual(treeShape("root", tree, long.length + 1)?.depth, 4, String(children));
    assert.equal(treeShape("root", tree, short.length + 1), undefined, String(children));
  }
});
