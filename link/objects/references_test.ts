import fc from "fast-check";
import assert from "node:assert/strict";
import { object, storeTest } from "../../tests/link/harness.ts";
import { readTree } from "../../tests/link/read_tree.ts";
import { DEFAULT_LINK_LIMITS } from "../limits.ts";
import type { LinkObject } from "../../entities/object.ts";
import { addObjects, NewTrees, releaseTree } from "./references.ts";

/** Objects that refer only to earlier ones, which excludes cycles. */
const dags = fc.array(fc.array(fc.nat({ max: 11 }), { maxLength: 4 }), {
  minLength: 1,
  maxLength: 12,
}).map((shape) =>
  shape.reduce<LinkObject[]>((objects, picks, index) => {
    const children = [...new Set(picks)].filter((pick) => pick < index);
    return [...objects, object(`${index}`, children.map((child) => objects[child]!))];
  }, [])
);

function reachable(objects: readonly LinkObject[], roots: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const left = [...roots];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (!found.has(id)) left.push(...objects[Number(id)]!.children);
    found.add(id);
  }
  return found;
}

storeTest("exactly the objects that referenced contents need are stored", async (stores) => {
  const store = await stores.open();
  const steps = fc.array(fc.record({ hold: fc.boolean(), pick: fc.nat({ max: 11 }) }), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(dags, steps, (objects, moves) =>
      store.transaction("relaxed", async (tx) => {
        const find = (id: string) => objects.find((each) => each.id === id);
        const held: string[] = [];
        for (const { hold, pick } of [...moves, ...moves.map(() => ({ hold: false, pick: 0 }))]) {
          if (hold) {
            const root = `${pick % objects.length}`;
            held.push(root);
            const trees = new NewTrees(tx);
            assert.equal(await trees.add(root, find, DEFAULT_LINK_LIMITS), undefined);
            await addObjects(tx, trees.objects);
            await tx.objects.addReferences(root, 1);
            const tree = await readTree(tx, root);
            assert.deepEqual(new Set(tree.map(({ id }) => id)), reachable(objects, [root]));
            const seen = new Set<string>();
            for (const { id, children } of tree) {
              assert.ok(children.every((child) => seen.has(child)), "children first");
              seen.add(id);
            }
          } else if (held.length > 0) {
            await releaseTree(tx, held.splice(pick % held.length, 1)[0]!);
          }
          const needed = reachable(objects, held);
          for (const { id } of objects) {
            const waits = needed.has(id) ? 0 : undefined;
            assert.equal((await tx.objects.counters(id))?.waits, waits, id);
          }
        }
        assert.equal(held.length, 0);
      })),
    { numRuns: 60, seed: 7 },
  );
  assert.equal((await store.usage()).objects, 0);
  await store.close();
});
