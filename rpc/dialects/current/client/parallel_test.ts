import assert from "node:assert/strict";
import { settle } from "../../../../base/testing/settle.ts";
import { Parallel } from "./parallel.ts";

/** A task that ends when the test says so. */
function controlled() {
  const gates = new Map<number, PromiseWithResolvers<number>>();
  const work = (item: number) => {
    const gate = Promise.withResolvers<number>();
    gates.set(item, gate);
    return gate.promise;
  };
  return { gates, work };
}

/** Runs all pending work. */

Deno.test("parallel: runs as many tasks as allowed, and the next as soon as one ends", async () => {
  const { gates, work } = controlled();
  const results = new Parallel(2).map([1, 2, 3, 4], work);
  assert.deepEqual([...gates.keys()], [1, 2]);
  gates.get(2)!.resolve(20);
  await settle();
  assert.deepEqual([...gates.keys()], [1, 2, 3]);
  gates.get(1)!.resolve(10);
  gates.get(3)!.resolve(30);
  await settle();
  gates.get(4)!.resolve(40);
  assert.deepEqual(await results, [10, 20, 30, 40]);
});

Deno.test("parallel: the first failure ends a map, and frees its places", async () => {
  const { gates, work } = controlled();
  const parallel = new Parallel(1);
  const failing = parallel.map([1, 2, 3], work);
  gates.get(1)!.reject(new Error("first"));
  await assert.rejects(failing, /first/);
  assert.deepEqual([...gates.keys()], [1]);
  assert.equal(await parallel.run(() => Promise.resolve("room")), "room");
});

Deno.test("parallel: the limit holds across all callers", async () => {
  const { gates, work } = controlled();
  const parallel = new Parallel(2);
  const both = [parallel.map([1, 2], work), parallel.map([3, 4], work)];
  await settle();
  assert.equal(gates.size, 2);
  for (let ended = 0; ended < 4;) {
    for (const gate of [...gates.values()].slice(ended)) {
      gate.resolve(0);
      ended++;
    }
    await settle();
    assert.ok(gates.size - ended <= 2);
  }
  assert.deepEqual(await Promise.all(both), [[0, 0], [0, 0]]);
});
