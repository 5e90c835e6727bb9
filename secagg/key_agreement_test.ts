import assert from "node:assert/strict";
import { generatePemKeyPair, isPublicKey, KeyAgreement } from "./key_agreement.ts";

Deno.test("key agreement: both ends get the same 44 bytes, others do not", async () => {
  const [a, b, c] = await Promise.all([1, 2, 3].map(generatePemKeyPair));
  const [ofA, ofB] = [new KeyAgreement(a!.privateKey), new KeyAgreement(b!.privateKey)];
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
  const agreement = new KeyAgreement(pair.privateKey);
  // The last digits of y: the point is not on the curve any more.
  const off = Uint8Array.from(pair.publicKey);
  const digit = off.length - "-----END PUBLIC KEY-----\n".length - 4;
  off[digit] = off[digit] === 0x41 ? 0x42 : 0x41;
  for (const text of [pair.privateKey, pair.publicKey.subarray(1), new Uint8Array(), off]) {
    assert.ok(!await isPublicKey(text));
    await assert.rejects(agreement.sharedKey(text), refused);
  }
  assert.throws(() => new KeyAgreement(pair.publicKey), refused);
});
