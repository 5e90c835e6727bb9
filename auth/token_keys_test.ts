import assert from "node:assert/strict";
import { PrivateKey } from "./private_key.ts";
import { TokenKeys } from "./token_keys.ts";

const own = await PrivateKey.generate("P-256");

async function newPeer(curve: "P-256" | "P-384" = "P-256") {
  return (await PrivateKey.generate(curve)).publicKey;
}

Deno.test("a peer's key is derived once, even for two concurrent calls", async () => {
  const keys = new TokenKeys(own);
  const peer = await newPeer();
  const [first, second] = await Promise.all([keys.for(peer), keys.for(peer)]);
  assert.equal(first, second);
  assert.equal(await keys.for({ ...peer }), first);
});

Deno.test("the key of a removed peer is derived again", async () => {
  const keys = new TokenKeys(own);
  const peer = await newPeer();
  const before = await keys.for(peer);
  keys.forget(peer);
  assert.equal(keys.size, 0);
  assert.notEqual(await keys.for(peer), before);
});

Deno.test("beyond the capacity the least recently used peer is removed", async () => {
  const keys = new TokenKeys(own, 2);
  const [a, b, c] = [await newPeer(), await newPeer(), await newPeer()];
  const [keyA, keyB] = [await keys.for(a), await keys.for(b)];
  await keys.for(a);
  await keys.for(c);
  assert.equal(keys.size, 2);
  assert.equal(await keys.for(a), keyA);
  assert.notEqual(await keys.for(b), keyB);
});

Deno.test("a peer on another curve is refused each time and is not cached", async () => {
  const keys = new TokenKeys(own);
  const peer = await newPeer("P-384");
  await assert.rejects(keys.for(peer), { code: "failed-precondition" });
  await assert.rejects(keys.for(peer), { code: "failed-precondition" });
  assert.equal(keys.size, 0);
});
