import assert from "node:assert/strict";
import { Together } from "./together.ts";

/** Batches that end when the test says so. */
function batches() {
  const begun: { items: readonly number[]; end: PromiseWithResolvers<readonly number[]> }[] = [];
  const together = new Together<number, number>((items) => {
    const end = Promise.withResolvers<readonly number[]>();
    begun.push({ items, end });
    return end.promise;
  });
  return { begun, together };
}

Deno.test("calls during a batch share the next one, and each gets its own result", async () => {
  const { begun, together } = batches();
  const first = together.run(1);
  const second = together.run(2);
  await Promise.resolve();
  assert.deepEqual(begun.map(({ items }) => items), [[1, 2]]);
  const later = [3, 4, 5].map((item) => together.run(item));
  begun[0]!.end.resolve([10, 20]);
  assert.deepEqual(await Promise.all([first, second]), [10, 20]);
  assert.deepEqual(begun[1]!.items, [3, 4, 5]);
  begun[1]!.end.resolve([30, 40, 50]);
  assert.deepEqual(await Promise.all(later), [30, 40, 50]);
});

Deno.test("a batch that fails fails its calls, and not those after it", async () => {
  const { begun, together } = batches();
  const failed = together.run(1);
  await Promise.resolve();
  const next = together.run(2);
  begun[0]!.end.reject(new Error("no database"));
  await assert.rejects(failed, /no database/);
  begun[1]!.end.resolve([20]);
  assert.equal(await next, 20);
  const alone = together.run(3);
  await Promise.resolve();
  begun[2]!.end.resolve([30]);
  assert.equal(await alone, 30);
});

Deno.test("a batch has at most a thousand items", async () => {
  const sizes: number[] = [];
  const together = new Together<number, number>((items) => {
    sizes.push(items.length);
    return Promise.resolve(items);
  });
  const items = Array.from({ length: 2_500 }, (_, item) => item);
  assert.deepEqual(await Promise.all(items.map((item) => together.run(item))), items);
  assert.deepEqual(sizes, [1_000, 1_000, 500]);
});
