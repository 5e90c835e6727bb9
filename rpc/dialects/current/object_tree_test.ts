import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { ObjectTreeSchema } from "../../../proto/gen/current/message_pb.ts";
import { MAX_TREE_DEPTH } from "./limits.ts";
import {
  countNodes,
  idsOfTree,
  MAX_TREE_NODES,
  treeFromWire,
  TreeReader,
  treeToWire,
} from "./object_tree.ts";

const id = (place: number) => place.toString(16).padStart(64, "0");

const refused = (code: string) => (error: unknown) =>
  error instanceof FlwrError && error.code === code;

/** Random objects that refer only to later ones: no cycles, as with hashes. */
const graphs = fc.array(fc.array(fc.nat({ max: 3 }), { maxLength: 3 }), {
  minLength: 1,
  maxLength: 8,
}).map((steps) =>
  new Map(steps.map((children, place) => [
    id(place),
    [...new Set(children.map((step) => place + 1 + step))]
      .filter((child) => child < steps.length)
      .map(id),
  ]))
);

Deno.test("a tree survives the wire, except for objects that its root does not reach", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const back = treeFromWire(treeToWire(id(0), graph));
      const reached = idsOfTree(id(0), graph);
      assert.equal(back.keys().next().value, id(0), "the root comes first");
      assert.deepEqual([...back.keys()].toSorted(), reached.toSorted());
      for (const object of reached) assert.deepEqual(back.get(object), graph.get(object));
    }),
    { seed: 3 },
  );
});

Deno.test("a tree read in parts is the same, and no part exceeds its limit", () => {
  fc.assert(
    fc.property(graphs, fc.integer({ min: 1, max: 5 }), (graph, most) => {
      const wire = treeToWire(id(0), graph);
      const reader = new TreeReader(wire);
      let nodes = 0;
      while (!reader.done) {
        const read = reader.read(most);
        assert.ok(read <= most);
        nodes += read;
      }
      assert.equal(nodes, countNodes(wire));
      assert.deepEqual([...reader.tree], [...treeFromWire(wire)]);
    }),
    { seed: 3 },
  );
});

Deno.test("children come before their parents, each once", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const ids = idsOfTree(id(0), graph);
      assert.equal(new Set(ids).size, ids.length);
      for (const [place, object] of ids.entries()) {
        for (const child of graph.get(object)!) assert.ok(ids.indexOf(child) < place);
      }
    }),
    { seed: 3 },
  );
});

Deno.test("an object with two parents appears under both, with its descendants", () => {
  const graph = new Map([[id(0), [id(1), id(2)]], [id(1), [id(2)]], [id(2), [id(3)]], [id(3), []]]);
  const wire = treeToWire(id(0), graph);
  const [first, second] = wire.children;
  assert.deepEqual(first!.children[0], second);
  assert.equal(second!.children[0]!.objectId, id(3));
});

Deno.test("impossible trees are refused", () => {
  const tree = (objectId: string, children: ReturnType<typeof leaf>[] = []) =>
    create(ObjectTreeSchema, { objectId, children });
  const leaf = (objectId: string) => create(ObjectTreeSchema, { objectId });
  for (
    const wire of [
      leaf(""),
      leaf("x"),
      leaf(id(1).toUpperCase().replace("1", "A")),
      tree(id(0), [leaf(id(0))]),
      tree(id(0), [tree(id(1), [leaf(id(2))]), leaf(id(1))]),
    ]
  ) assert.throws(() => treeFromWire(wire), refused("invalid-argument"));
  assert.throws(() => treeToWire(id(0), new Map([[id(0), [id(1)]]])), refused("invalid-argument"));
});

Deno.test("trees that are too deep or too wide are refused in both directions", () => {
  const chain = (length: number) =>
    new Map(
      Array.from({ length }, (_, place) =>
        [id(place), place + 1 < length ? [id(place + 1)] : []] as const),
    );
  assert.equal(treeFromWire(treeToWire(id(0), chain(MAX_TREE_DEPTH))).size, MAX_TREE_DEPTH);
  assert.throws(
    () => treeToWire(id(0), chain(MAX_TREE_DEPTH + 1)),
    refused("resource-exhausted"),
  );
  // Six levels of ten objects, each referring to all of the next level.
  const level = (depth: number) => Array.from({ length: 10 }, (_, place) => id(10 * depth + place));
  const lattice = new Map<string, string[]>([["f".repeat(64), level(0)]]);
  for (let depth = 0; depth < 7; depth++) {
    for (const object of level(depth)) lattice.set(object, depth < 6 ? level(depth + 1) : []);
  }
  assert.ok(10 ** 7 > MAX_TREE_NODES);
  assert.throws(() => treeToWire("f".repeat(64), lattice), refused("resource-exhausted"));
});
