import assert from "node:assert/strict";
import fc from "fast-check";
import { addMask } from "./mask.ts";
import { quantizeDifference } from "./quantize_update.ts";
import { addWords, type RingBits, RingVector } from "./ring_vector.ts";
import { deriveKey } from "./session.ts";
import { generateSigningKey, isSignedWith, signWith } from "./signing_key.ts";
import { statement } from "./statement.ts";
import { generateX25519, isX25519Pair, X25519Agreement } from "./x25519.ts";

const hex = (text: string) => Uint8Array.fromHex(text);
const none = new Uint8Array();

Deno.test("derived keys are HKDF-SHA-256: test cases 1 and 3 of RFC 5869", async () => {
  const input = hex("0b".repeat(22));
  const first = await deriveKey(
    input,
    hex("000102030405060708090a0b0c"),
    hex("f0f1f2f3f4f5f6f7f8f9"),
  );
  const expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
  assert.equal(first.toHex(), expected);
  const third = await deriveKey(input, none, none);
  const bare = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d";
  assert.equal(third.toHex(), bare);
});

Deno.test("a shared secret is X25519's: section 6.1 of RFC 7748", async () => {
  const alice = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const alicePublic = hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  const bobPublic = hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const secret = await (await X25519Agreement.of(alice)).sharedSecret(bobPublic);
  const expected = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  assert.equal(secret.toHex(), expected);
  assert.ok(await isX25519Pair({ privateKey: alice, publicKey: alicePublic }));
  assert.ok(!await isX25519Pair({ privateKey: alice, publicKey: bobPublic }));
});

Deno.test("public keys of small order and of another length are refused", async () => {
  const { privateKey } = await generateX25519();
  const own = await X25519Agreement.of(privateKey);
  // 0, 1, and the points of order 8 of Curve25519.
  for (
    const key of [
      "00".repeat(32),
      `01${"00".repeat(31)}`,
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "",
      "09".repeat(33),
    ]
  ) await assert.rejects(own.sharedSecret(hex(key)), { code: "invalid-argument" }, key);
  await assert.rejects(X25519Agreement.of(none), { code: "invalid-argument" });
});

Deno.test("a mask is the key stream of AES-256-CTR: the zero key's blocks, as in GCM's test cases 13 and 14", async () => {
  const blocks = "dc95c078a2408989ad48a21492842087" + "530f8afbc74536b9a963b4f1c4cb738b" +
    "cea7403d4d606b6e074ec5d3baf39d18";
  for (const bits of [32, 64] as const) {
    const vector = new RingVector(bits, 48 * 8 / bits);
    await addMask(vector, new Uint8Array(32), 1);
    assert.equal(vector.toBytes().toHex(), blocks);
    await addMask(vector, new Uint8Array(32), -1);
    assert.ok(vector.words.every((word) => word === 0));
  }
});

Deno.test("a mask that is made in pieces is one key stream", async () => {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const [elements, tail] = [2 ** 18 + 5, 8];
  const vector = new RingVector(32, elements + tail);
  await addMask(vector, key, 1);
  const cipher = await crypto.subtle.importKey("raw", key, "AES-CTR", false, ["encrypt"]);
  const algorithm = { name: "AES-CTR", counter: new Uint8Array(16), length: 64 };
  const zeros = new Uint8Array(4 * (elements + tail));
  const whole = new Int32Array(await crypto.subtle.encrypt(algorithm, cipher, zeros));
  assert.deepEqual(vector.words.subarray(-20), whole.subarray(-20));
});

Deno.test("vectors add up modulo 2^32 and 2^64, and elements are signed", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  for (const bits of [32, 64] as const) {
    const most = bits === 32 ? 2 ** 31 - 1 : 2 ** 53 - 1;
    const number = fc.integer({ min: -most, max: most });
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { maxLength: 6 }), (pairs) => {
        const [a, b] = [0, 1].map((place) => vectorOf(bits, pairs.map((pair) => pair[place]!))) as [
          RingVector,
          RingVector,
        ];
        pairs.forEach(([one], i) => assert.equal(a.get(i), one));
        a.add(b);
        pairs.forEach(([one, other], i) => {
          const sum = BigInt.asIntN(bits, BigInt(one) + BigInt(other));
          assert.equal(a.get(i), Number(sum));
        });
        addWords(a.words, b.words, bits, -1);
        pairs.forEach(([one], i) => assert.equal(a.get(i), one));
      }),
      { seed },
    );
  }
});

function vectorOf(bits: RingBits, numbers: readonly number[]): RingVector {
  const vector = new RingVector(bits, numbers.length);
  numbers.forEach((number, i) => vector.set(i, number));
  return vector;
}

Deno.test("a vector of another length is refused", () => {
  for (const bytes of [0, 11, 13, 24]) {
    assert.throws(() => RingVector.fromBytes(32, 3, new Uint8Array(bytes)), {
      code: "invalid-argument",
    });
  }
  const odd = new Uint8Array(13).subarray(1);
  odd[0] = 7;
  assert.equal(RingVector.fromBytes(32, 3, odd).get(0), 7);
});

Deno.test("statements of other values have other bytes, also where the values joined are the same", () => {
  const bytes = [
    statement("a", "bc"),
    statement("ab", "c"),
    statement("a", "b", "c"),
    statement("a", new TextEncoder().encode("bc")),
    statement("a", 1n),
    statement("a", 1),
    statement("a", "1"),
    statement("a"),
    statement("a", ""),
  ].map((made) => made.toHex());
  assert.equal(new Set(bytes).size, bytes.length);
});

Deno.test("signatures hold for one text and one key, and malformed ones for none", async () => {
  const { publicKey, privateKey } = await generateSigningKey();
  const text = statement("x", 1n);
  const signature = await signWith(privateKey, text);
  assert.ok(await isSignedWith(publicKey, signature, text));
  assert.ok(!await isSignedWith(publicKey, signature, statement("x", 2n)));
  assert.ok(!await isSignedWith((await generateSigningKey()).publicKey, signature, text));
  assert.ok(!await isSignedWith(none, signature, text));
  assert.ok(!await isSignedWith(publicKey, none, text));
  assert.ok(!await isSignedWith(new Uint8Array(32).fill(255), signature, text));
});

Deno.test("quantised numbers stay within their bounds, are right on average, and clipped ones are counted", () => {
  const R = 1_000;
  const scale = { bound: 2, weight: 0.5, quantizationRange: R };
  const vector = new RingVector(32, 8);
  const numbers = Float32Array.of(0, 1, -1, 2, -2, 5, -5, 1.5);
  const clipped = quantizeDifference(numbers, undefined, scale, vector, 0);
  assert.equal(clipped, 2);
  const found = Array.from(numbers, (_, i) => vector.get(i));
  assert.deepEqual(found, [0, 250, -250, 500, -500, 500, -500, 375]);

  const many = new Float64Array(20_000).fill(0.0005);
  const target = new RingVector(64, many.length);
  quantizeDifference(many, new Float64Array(many.length).fill(-0.0002), scale, target, 0);
  const mean = many.reduce((sum, _, i) => sum + target.get(i), 0) / many.length;
  assert.ok(Math.abs(mean - 0.175) < 0.02, `mean ${mean}`);
  assert.ok(many.every((_, i) => target.get(i) === 0 || target.get(i) === 1));

  const up = (fractions: Float64Array) => void fractions.fill(1 - 2 ** -32);
  quantizeDifference([2, -2], undefined, { ...scale, weight: 1 }, vector, 0, up);
  assert.deepEqual([vector.get(0), vector.get(1)], [R, -R]);
  for (const bad of [NaN, Infinity, -Infinity]) {
    assert.throws(() => quantizeDifference([bad], undefined, scale, vector, 0), {
      code: "invalid-argument",
    });
  }
});
