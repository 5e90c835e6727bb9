import assert from "node:assert/strict";
import { createECDH } from "node:crypto";
import { agreeP384, isP384Point, P384_GENERATOR } from "./p384.ts";

const N =
  0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;

const hex = (value: bigint) => value.toString(16).padStart(96, "0");
const bytes = (value: bigint) => Uint8Array.fromHex(hex(value));

const agree = (key: Uint8Array, point: Uint8Array) => agreeP384(key, [point])[0]!;

/** The x coordinate of a multiple of a point, by node:crypto. */
function expected(key: bigint, point: Uint8Array): string {
  const ecdh = createECDH("secp384r1");
  ecdh.setPrivateKey(hex(key), "hex");
  return ecdh.computeSecret(point).toString("hex");
}

function randomPoint(): Uint8Array {
  const ecdh = createECDH("secp384r1");
  ecdh.generateKeys();
  return Uint8Array.from(ecdh.getPublicKey());
}

Deno.test("p384: RFC 5903's example, in both directions", () => {
  // Section 8.2.
  const i =
    0x099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194n;
  const r =
    0x41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fcn;
  const gi = Uint8Array.fromHex(
    "04667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa" +
      "9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
  );
  const gr = Uint8Array.fromHex(
    "04e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571" +
      "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
  );
  const shared =
    "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746";
  assert.equal(agree(bytes(i), gr).toHex(), shared);
  assert.equal(agree(bytes(r), gi).toHex(), shared);
  assert.equal(agree(bytes(i), P384_GENERATOR).toHex(), gi.subarray(1, 49).toHex());
});

Deno.test("p384: agrees with node:crypto for random keys and points", () => {
  for (let round = 0; round < 40; round++) {
    const ecdh = createECDH("secp384r1");
    ecdh.generateKeys();
    const key = BigInt(`0x${ecdh.getPrivateKey("hex")}`);
    const point = randomPoint();
    const message = `${hex(key)} ${point.toHex()}`;
    assert.equal(agree(bytes(key), point).toHex(), expected(key, point), message);
  }
});

Deno.test("p384: several points have the results that each has alone", () => {
  const key = bytes(N - 12_345n);
  const points = Array.from({ length: 5 }, randomPoint);
  for (let count = 0; count <= points.length; count++) {
    const some = points.slice(0, count);
    assert.deepEqual(
      agreeP384(key, some).map((secret) => secret.toHex()),
      some.map((point) => expected(N - 12_345n, point)),
    );
  }
  assert.throws(() => agreeP384(key, [points[0]!, new Uint8Array(97)]));
});

Deno.test("p384: agrees with node:crypto for small and large keys, and keys with long runs of bits", () => {
  const point = randomPoint();
  const keys = [
    ...Array.from({ length: 20 }, (_, i) => 64n + BigInt(i)),
    ...Array.from({ length: 12 }, (_, i) => 2n ** BigInt(31 * i + 7)),
    ...Array.from({ length: 12 }, (_, i) => 2n ** BigInt(31 * i + 7) - 1n),
    ...Array.from({ length: 20 }, (_, i) => N / 2n + BigInt(i - 10)),
    ...Array.from({ length: 20 }, (_, i) => N - 64n - BigInt(i)),
  ];
  for (const key of keys) {
    assert.equal(agree(bytes(key), point).toHex(), expected(key, point), hex(key));
  }
});

Deno.test("p384: keys close to 0 and the order have the right result or are refused", () => {
  const point = randomPoint();
  let right = 0;
  for (let i = 1n; i < 64n; i++) {
    for (const key of [i, N - i]) {
      try {
        assert.equal(agree(bytes(key), point).toHex(), expected(key, point), hex(key));
        right++;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
      }
    }
  }
  assert.ok(right >= 32, `${right} of 126`);
});

Deno.test("p384: refuses keys out of range and points that are not on the curve", () => {
  const point = randomPoint();
  for (const key of [0n, N, N + 1n, 2n ** 384n - 1n]) {
    assert.throws(() => agree(bytes(key), point), hex(key));
  }
  assert.throws(() => agree(new Uint8Array(47).fill(1), point));
  const p = 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n;
  const x = BigInt(`0x${point.subarray(1, 49).toHex()}`);
  const y = BigInt(`0x${point.subarray(49).toHex()}`);
  const wrong = [
    point.with(0, 2),
    point.with(96, point[96]! ^ 1),
    point.subarray(0, 96),
    new Uint8Array([...point, 0]),
    new Uint8Array(97),
    Uint8Array.fromHex(`04${hex(y)}${hex(x)}`),
    Uint8Array.fromHex(`04${hex(0n)}${hex(0n)}`),
    // The right residues, not reduced: they fit into 384 bits only where they are small.
    Uint8Array.fromHex(`04${hex(p)}${hex(y)}`),
  ];
  for (const other of wrong) {
    assert.equal(isP384Point(other), false, other.toHex());
    assert.throws(() => agree(bytes(5n), other), other.toHex());
  }
  assert.ok(isP384Point(point));
});

Deno.test("p384: leaves nothing in the program's memory that depends on the key", () => {
  // The result of another key after it is the same as before.
  const [a, b] = [randomPoint(), randomPoint()];
  const first = agree(bytes(12_345n), a).toHex();
  agree(bytes(N - 999n), b);
  assert.throws(() => agree(bytes(0n), b));
  assert.equal(agree(bytes(12_345n), a).toHex(), first);
});
