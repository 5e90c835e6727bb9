import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../../base/random.ts";
import { sampleNodes, sampleSize } from "./sampling.ts";

const nodes = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n];

Deno.test("a fraction is rounded down, and the minimum is kept", () => {
  assert.equal(sampleSize(10, 0.55, 2), 5);
  assert.equal(sampleSize(10, 0.1, 2), 2);
  assert.equal(sampleSize(10, 1, 2), 10);
  assert.equal(sampleSize(10, 0, 2), 0);
});

Deno.test("the same seed chooses the same nodes, another seed others", () => {
  const choose = (seed: number) => sampleNodes(nodes, 5, seededRandom(seed));
  assert.deepEqual(choose(1), choose(1));
  assert.notDeepEqual(choose(1), choose(2));
});

Deno.test("a choice has no repetition and is in ascending order", () => {
  fc.assert(fc.property(fc.integer(), fc.nat(10), (seed, count) => {
    const chosen = sampleNodes(nodes, count, seededRandom(seed));
    assert.equal(new Set(chosen).size, count);
    assert.deepEqual(chosen, nodes.filter((id) => chosen.includes(id)));
  }));
});

Deno.test("each node is equally likely", () => {
  const random = seededRandom(3);
  const counts = new Map(nodes.map((id) => [id, 0]));
  for (let i = 0; i < 10_000; i++) {
    for (const id of sampleNodes(nodes, 3, random)) counts.set(id, counts.get(id)! + 1);
  }
  // Binomial(10000, 0.3): mean 3000, standard deviation 45.8; five of them
  for (const count of counts.values()) assert.ok(Math.abs(count - 3000) < 229, `${count}`);
});
