import assert from "node:assert/strict";
import { BytesCache } from "./bytes_cache.ts";

Deno.test("the cache removes what was not used for longest, beyond its bytes", () => {
  const cache = new BytesCache(10);
  for (const id of ["a", "b", "c"]) cache.set(id, new Uint8Array(3));
  assert.equal(cache.get("a")?.length, 3);
  cache.set("d", new Uint8Array(4));
  assert.deepEqual(["a", "b", "c", "d"].filter((id) => cache.get(id) !== undefined), [
    "a",
    "c",
    "d",
  ]);
  // The same id counts once.
  for (let time = 0; time < 9; time++) cache.set("d", new Uint8Array(4));
  assert.ok(cache.get("a") !== undefined && cache.get("c") !== undefined);
  cache.set("e", new Uint8Array(11));
  assert.equal(cache.get("e"), undefined);
  assert.equal(cache.get("d")?.length, 4);
});

Deno.test("the cache does not keep the request that bytes are a part of", () => {
  const cache = new BytesCache(10);
  cache.set("a", new Uint8Array(1000).subarray(3, 5));
  assert.equal(cache.get("a")?.buffer.byteLength, 2);
});
