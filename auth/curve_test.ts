import assert from "node:assert/strict";
import { CURVES, isOnCurve, isScalar } from "./curve.ts";
import { toFixedLength } from "./bytes.ts";

async function newPoint(namedCurve: string): Promise<Uint8Array> {
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve }, true, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
}

function bytesOf(value: bigint, length: number): Uint8Array {
  const hex = value.toString(16);
  return toFixedLength(Uint8Array.fromHex(hex.padStart(hex.length + hex.length % 2, "0")), length)!;
}

for (const facts of CURVES) {
  Deno.test(`${facts.curve}: points that the platform makes are on the curve`, async () => {
    assert.equal(isOnCurve(facts, await newPoint(facts.curve)), true);
  });

  Deno.test(`${facts.curve}: a point with one bit changed is not on the curve`, async () => {
    const point = await newPoint(facts.curve);
    for (const index of [0, 1, facts.fieldBytes, facts.fieldBytes + 1, point.length - 1]) {
      const changed = point.slice();
      changed[index]! ^= 1;
      assert.equal(isOnCurve(facts, changed), false, `bit of byte ${index}`);
    }
  });

  Deno.test(`${facts.curve}: coordinates count below the prime only`, async () => {
    const point = await newPoint(facts.curve);
    const y = point.slice(1 + facts.fieldBytes);
    const tooLarge = bytesOf(facts.p, facts.fieldBytes);
    assert.equal(isOnCurve(facts, new Uint8Array([4, ...tooLarge, ...y])), false);
    assert.equal(isOnCurve(facts, point.slice(0, -1)), false);
    assert.equal(isOnCurve(facts, new Uint8Array()), false);
  });

  Deno.test(`${facts.curve}: scalars are 1 to n - 1`, () => {
    const { n, fieldBytes } = facts;
    const verdicts = [0n, 1n, n - 1n, n].map((value) =>
      isScalar(facts, bytesOf(value, fieldBytes))
    );
    assert.deepEqual(verdicts, [false, true, true, false]);
  });

  Deno.test(`${facts.curve}: n - 1 times the base point is its mirror image`, async () => {
    const xs = await Promise.all([1n, facts.n - 1n].map(async (scalar) => {
      const { PrivateKey } = await import("./private_key.ts");
      const key = await PrivateKey.fromScalar(
        facts.curve,
        bytesOf(scalar, facts.fieldBytes),
        "in a test",
      );
      return key.publicKey.spki.slice(-2 * facts.fieldBytes, -facts.fieldBytes).toHex();
    }));
    assert.equal(xs[0], xs[1]);
  });
}
