import assert from "node:assert/strict";
import { sortingNetwork } from "./sorting_network.ts";

function apply(network: ReturnType<typeof sortingNetwork>, values: number[]): number[] {
  for (const [low, high] of network) {
    if (values[low]! > values[high]!) [values[low], values[high]] = [values[high]!, values[low]!];
  }
  return values;
}

Deno.test("sorting network: sorts all lists of 0 and 1, and so all lists (the 0-1 principle)", () => {
  for (let count = 1; count <= 12; count++) {
    const network = sortingNetwork(count);
    for (let bits = 0; bits < 2 ** count; bits++) {
      const values = Array.from({ length: count }, (_, i) => (bits >> i) & 1);
      assert.deepEqual(apply(network, [...values]), values.toSorted());
    }
  }
});

Deno.test("sorting network: a part of the places needs fewer comparators, and is right", () => {
  for (let count = 1; count <= 11; count++) {
    for (let from = 0; from < count; from++) {
      for (let to = from + 1; to <= count; to++) {
        const network = sortingNetwork(count, from, to);
        for (let bits = 0; bits < 2 ** count; bits++) {
          const values = Array.from({ length: count }, (_, i) => (bits >> i) & 1);
          assert.deepEqual(
            apply(network, [...values]).slice(from, to),
            values.toSorted().slice(from, to),
          );
        }
      }
    }
  }
  assert.equal(sortingNetwork(20).length, 97);
  assert.ok(sortingNetwork(20, 9, 11).length < 97);
});
