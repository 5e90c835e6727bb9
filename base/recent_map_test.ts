import assert from "node:assert/strict";
import { RecentMap } from "./recent_map.ts";

Deno.test("recent map: beyond its capacity the least recently used entry is removed", () => {
  const map = new RecentMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("c", 3);
  assert.deepEqual([...map], [["b", 2], ["c", 3]]);
});

Deno.test("recent map: reading and writing an entry are uses, peeking is not", () => {
  const map = new RecentMap<string, number | undefined>(3);
  map.set("a", 1);
  map.set("b", undefined);
  map.set("c", 3);
  assert.equal(map.peek("a"), 1);
  assert.deepEqual([...map].map(([key]) => key), ["a", "b", "c"]);
  assert.equal(map.get("b"), undefined);
  assert.equal(map.get("a"), 1);
  assert.equal(map.get("d"), undefined);
  assert.deepEqual([...map].map(([key]) => key), ["c", "b", "a"]);
  map.set("c", 4);
  assert.deepEqual([...map.values()], [undefined, 1, 4]);
});

Deno.test("recent map: entries can be removed while iterating", () => {
  const map = new RecentMap<number, number>(10);
  for (let i = 0; i < 6; i++) map.set(i, i);
  for (const [key, value] of map) if (value % 2 === 0) assert.equal(map.delete(key), true);
  assert.equal(map.delete(0), false);
  assert.deepEqual([...map.values()], [1, 3, 5]);
  assert.equal(map.size, 3);
});
