import assert from "node:assert/strict";
import fc from "fast-check";
import { FakeClock } from "../base/clock.ts";
import { toFixedLength, toInteger } from "./bytes.ts";
import { curveFacts, CURVES } from "./curve.ts";
import { derFromRawSignature, rawFromDerSignature } from "./ecdsa_signature.ts";
import { parsePublicKey } from "./parse_public_key.ts";
import { PrivateKey } from "./private_key.ts";
import { TimeSigner, type VerifiedTime, verifyTime } from "./signed_time.ts";
import { nodeSignatures } from "./testing/vectors.ts";

const key = await PrivateKey.generate("P-384");

Deno.test("times signed by Flower 1.41 verify", async () => {
  for (const { public_key_pem, signed_ascii, signature_der_b64 } of nodeSignatures()) {
    const clock = new FakeClock(Date.parse(signed_ascii) / 1000 + 1);
    const signature = Uint8Array.fromBase64(signature_der_b64);
    const publicKey = await parsePublicKey(public_key_pem, "in a test");
    const signed = { timestamp: signed_ascii, signature };
    const verified = await accepted(publicKey, signed, clock);
    assert.match(verified.nonce, /^[0-9a-f]{32}$/);
    assert.ok(Math.abs(clock.now() - 1 - verified.seconds) < 1e-6);
    const later = { ...signed, timestamp: signed_ascii.replace("09:23:15", "09:23:16") };
    assert.equal(await verifyTime(publicKey, later, clock), undefined);
  }
});

for (const { curve } of CURVES) {
  Deno.test(`a time signed with a ${curve} key verifies, and is different each time`, async () => {
    const [own, clock] = [await PrivateKey.generate(curve), new FakeClock()];
    const signer = new TimeSigner(own, clock);
    const [one, two] = [await signer.sign(), await signer.sign()];
    assert.equal(one.timestamp, "2027-01-15T08:00:00.000000+00:00");
    assert.equal(two.timestamp, "2027-01-15T08:00:00.000001+00:00");
    const values = [
      await accepted(own.publicKey, one, clock),
      await accepted(own.publicKey, two, clock),
    ];
    assert.notEqual(values[0]!.nonce, values[1]!.nonce);
    assert.equal(await verifyTime(key.publicKey, one, clock), undefined);
  });
}

/** The result for a valid time. */
async function accepted(...args: Parameters<typeof verifyTime>): Promise<VerifiedTime> {
  const verdict = await verifyTime(...args);
  assert.ok(verdict !== undefined && "nonce" in verdict);
  return verdict;
}

Deno.test("the signer follows a clock that is set back", async () => {
  const own = await PrivateKey.generate("P-256");
  const ahead = new TimeSigner(own, new FakeClock(1_800_000_030));
  await ahead.sign();
  const now = new FakeClock(1_800_000_000);
  const signed = await new TimeSigner(own, now).sign();
  assert.equal(signed.timestamp, "2027-01-15T08:00:00.000000+00:00");
  await accepted(own.publicKey, signed, now);
});

Deno.test("two signers of one key never sign the same time", async () => {
  const [own, clock] = [await PrivateKey.generate("P-256"), new FakeClock()];
  const [one, two] = [new TimeSigner(own, clock), new TimeSigner(own, clock)];
  const times = [await one.sign(), await two.sign(), await one.sign()].map((s) => s.timestamp);
  assert.equal(new Set(times).size, 3);
});

Deno.test("a time is accepted from 5 s ahead to 305 s behind, both ends excluded", async () => {
  const clock = new FakeClock();
  const key = await PrivateKey.generate("P-256");
  const signed = await new TimeSigner(key, clock).sign();
  const start = clock.now();
  const verdicts = await Promise.all(
    [-5, -4.9, 0, 304.9, 305].map(async (age) => {
      const verdict = await verifyTime(key.publicKey, signed, new FakeClock(start + age));
      return verdict !== undefined && ("offset" in verdict ? verdict.offset : "accepted");
    }),
  );
  assert.deepEqual(verdicts, [5, "accepted", "accepted", "accepted", -305]);
  const other = await PrivateKey.generate("P-256");
  const far = new FakeClock(start + 1000);
  assert.equal(await verifyTime(other.publicKey, signed, far), undefined, "not the key's");
});

Deno.test("times without offset or of another shape are refused even when signed", async () => {
  const clock = new FakeClock();
  for (const timestamp of ["2027-01-15T08:00:00", "2027-01-15", "1800000000", "", "now", "NaN"]) {
    const signature = await key.sign(new TextEncoder().encode(timestamp));
    assert.equal(await verifyTime(key.publicKey, { timestamp, signature }, clock), undefined);
  }
  const timestamp = "2027-01-15T10:00:00+02:00";
  const signature = await key.sign(new TextEncoder().encode(timestamp));
  assert.ok(await verifyTime(key.publicKey, { timestamp, signature }, clock));
});

Deno.test("r ‖ n − s counts as the same signature as r ‖ s", async () => {
  const clock = new FakeClock();
  const signed = await new TimeSigner(key, clock).sign();
  const raw = rawFromDerSignature(signed.signature, "P-384")!;
  const mirrored = curveFacts("P-384").n - toInteger(raw.subarray(48));
  const s = toFixedLength(Uint8Array.fromHex(mirrored.toString(16).padStart(96, "0")), 48)!;
  const signature = derFromRawSignature(new Uint8Array([...raw.subarray(0, 48), ...s]));
  assert.notDeepEqual(signature, signed.signature);
  const mirror = await verifyTime(key.publicKey, { ...signed, signature }, clock);
  assert.ok(mirror !== undefined);
  assert.deepEqual(mirror, await verifyTime(key.publicKey, signed, clock));
});

Deno.test("signatures survive DER encoding and decoding, and no other bytes verify", async () => {
  const clock = new FakeClock();
  const signed = await new TimeSigner(key, clock).sign();
  const halves = fc.uint8Array({ minLength: 96, maxLength: 96 });
  fc.assert(fc.property(halves, (raw) => {
    const back = rawFromDerSignature(derFromRawSignature(raw), "P-384");
    assert.deepEqual(back, new Uint8Array(raw));
  }));
  const changed = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean()).map(
    ([position, bits, cut]) => {
      const bytes = signed.signature.slice();
      const at = position % bytes.length;
      bytes[at]! ^= bits;
      return cut ? signed.signature.slice(0, at) : bytes;
    },
  );
  await fc.assert(fc.asyncProperty(changed, async (signature) => {
    assert.equal(await verifyTime(key.publicKey, { ...signed, signature }, clock), undefined);
  }));
});

Deno.test("longer encodings of the same signature are refused", async () => {
  const { signature } = await new TimeSigner(key).sign();
  const [tag = 0, length = 0, ...rest] = signature;
  const variants = [
    [tag, 0x81, length, ...rest],
    [...signature, 0],
    [tag, length + 1, 2, rest[1]! + 1, 0, ...rest.slice(2)],
  ];
  for (const bytes of variants) {
    assert.equal(rawFromDerSignature(new Uint8Array(bytes), "P-384"), undefined);
  }
});
