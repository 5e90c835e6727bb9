import assert from "node:assert/strict";
import { seededRandom } from "../base/random.ts";
import { ringNeighbours, shuffled } from "./ring.ts";

Deno.test("ring: neighbours on both sides, each of the other", () => {
  const neighbours = ringNeighbours(["a", "b", "c", "d", "e"], 3);
  assert.deepEqual([...neighbours.get("a")!], ["e", "a", "b"]);
  for (const count of [1, 2, 3, 5, 8]) {
    for (const shares of [3, 5, 8, 100]) {
      const nodes = Array.from({ length: count }, (_, i) => i);
      const around = ringNeighbours(nodes, shares);
      for (const node of nodes) {
        const expected = Math.min(count, 2 * Math.floor(shares / 2) + 1);
        assert.equal(around.get(node)!.size, expected, `${count} nodes, ${shares} shares`);
        for (const other of around.get(node)!) assert.ok(around.get(other)!.has(node));
      }
    }
  }
});

Deno.test("ring: shuffling keeps all items", () => {
  const random = seededRandom(7);
  const order = shuffled([1, 2, 3, 4, 5, 6, 7, 8], () => random.uniform());
  assert.notDeepEqual(order, [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(order.toSorted(), [1, 2, 3, 4, 5, 6, 7, 8]);
});
