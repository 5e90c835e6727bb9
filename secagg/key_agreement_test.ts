import assert from "node:assert/strict";
import { generatePemKeyPair, isPublicKey, KeyAgreement } from "./key_agreement.ts";

Deno.test("key agreement: both ends get the same 44 bytes, others do not", async () => {
  const [a, b, c] = await Promise.all([1, 2, 3].map(generatePemKeyPair));
  const [ofA, ofB] = [await KeyAgreement.of(a!.privateKey), await KeyAgreement.of(b!.privateKey)];
  const key = await ofA.sharedKey(b!.publicKey);
  assert.equal(key.length, 44);
  assert.deepEqual(await ofB.sharedKey(a!.publicKey), key);
  assert.notDeepEqual(await ofA.sharedKey(c!.publicKey), key);
  assert.ok(await ofA.hasPublicKey(a!.publicKey));
  assert.ok(!await ofA.hasPublicKey(b!.publicKey));
});

Deno.test("key agreement: keys have Flower's lengths, and other texts are refused", async () => {
  const pair = await generatePemKeyPair();
  assert.equal(pair.publicKey.length, 215);
  assert.equal(pair.privateKey.length, 306);
  const refused = { code: "invalid-argument" };
  const agreement = await KeyAgreement.of(pair.privateKey);
  for (const text of [pair.privateKey, pair.publicKey.subarray(1), new Uint8Array()]) {
    assert.ok(!await isPublicKey(text));
    await assert.rejects(agreement.sharedKey(text), refused);
  }
  await assert.rejects(KeyAgreement.of(pair.publicKey), refused);
});
