import assert from "node:assert/strict";
import fc from "fast-check";
import { permutation } from "./permutation.ts";

Deno.test("each number occurs once, in an order determined by the seed", () => {
  fc.assert(fc.property(fc.nat(200), fc.integer(), (count, seed) => {
    const order = permutation(count, seed);
    assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
    assert.deepEqual(permutation(count, seed), order);
  }));
  assert.notDeepEqual(permutation(50, 1), permutation(50, 2));
});

Deno.test("each number comes first about as often as any other", () => {
  const counts = [0, 0, 0, 0];
  for (let seed = 0; seed < 4000; seed++) counts[permutation(4, seed)[0]!]!++;
  // Binomial with n = 4000 and p = 1/4 has a deviation of 27; 150 is more than five of them.
  assert.ok(counts.every((count) => Math.abs(count - 1000) < 150), `${counts}`);
});
