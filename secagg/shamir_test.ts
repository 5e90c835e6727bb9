import assert from "node:assert/strict";
import { bytesOf, WHOLE } from "./testing/golden.ts";
import { recoverSecret } from "./recover_secret.ts";
import { combineShares, createShares, systemRandomBytes } from "./shamir.ts";

const isSeed = (secret: Uint8Array) => secret.length === 32;

/** Bytes that are no secret are padded by chance, once in 256 times. */
function combined(shares: readonly Uint8Array[]): Uint8Array | undefined {
  try {
    return combineShares(shares);
  } catch {
    return undefined;
  }
}

Deno.test("shamir: combines the shares that Flower made", () => {
  for (const { secrets } of WHOLE) {
    for (const { shares: made } of Object.values(secrets)) {
      for (const { secret, threshold, shares } of made) {
        const last = shares.slice(-threshold).map(bytesOf);
        assert.deepEqual(combineShares(last), bytesOf(secret));
      }
    }
  }
});

Deno.test("shamir: any threshold of shares gives the secret, one fewer does not", () => {
  for (const [threshold, count, length] of [[2, 3, 32], [5, 9, 306], [7, 7, 16], [34, 50, 31]]) {
    const secret = systemRandomBytes(length!);
    const shares = createShares(secret, threshold!, count!);
    assert.equal(shares[0]!.length, 4 + 16 * (Math.floor(length! / 16) + 1));
    const chosen = shares.toReversed().slice(0, threshold);
    assert.deepEqual(combineShares(chosen), secret);
    assert.notDeepEqual(combined(chosen.slice(1)), secret);
  }
});

Deno.test("shamir: shares that do not belong together are refused", () => {
  const shares = createShares(systemRandomBytes(32), 2, 3);
  const refused = { code: "invalid-argument" };
  assert.throws(() => combineShares([]), refused);
  assert.throws(() => combineShares([shares[0]!, shares[0]!]), refused);
  assert.throws(() => combineShares([shares[0]!, shares[1]!.subarray(1)]), refused);
  assert.throws(() => combineShares([shares[0]!, new Uint8Array(52)]), refused);
});

Deno.test("recover secret: finds a share that was replayed, or changed in one place", async () => {
  const secret = systemRandomBytes(32);
  const shares = createShares(secret, 3, 5);
  const earlier = createShares(systemRandomBytes(32), 3, 5);
  const held = shares.map((share, i) => ({ holder: BigInt(i + 1), share }));
  assert.deepEqual(await recoverSecret(held, 3, isSeed), { secret });

  const changed = Uint8Array.from(shares[1]!);
  changed[7]! ^= 1;
  for (const wrong of [earlier[1]!, shares[0]!, changed, new Uint8Array(3)]) {
    const some = held.map((share) => share.holder === 2n ? { holder: 2n, share: wrong } : share);
    const found = await recoverSecret(some, 3, isSeed);
    assert.deepEqual(found.secret, secret);
    // Of two equal shares either may be the copy.
    assert.ok(found.liar === 2n || wrong === shares[0] && found.liar === 1n);
  }
});

Deno.test("recover secret: refuses what it cannot repair", async () => {
  const shares = createShares(systemRandomBytes(32), 3, 4);
  const earlier = createShares(systemRandomBytes(32), 3, 4);
  const held = shares.map((share, i) => ({ holder: BigInt(i + 1), share }));
  const wrong = [...held.slice(0, 2), { holder: 3n, share: earlier[2]! }];
  const refused = { code: "failed-precondition" };
  await assert.rejects(recoverSecret(held.slice(0, 2), 3, isSeed), refused);
  await assert.rejects(recoverSecret(wrong, 3, isSeed), refused);
  await assert.rejects(recoverSecret(held, 3, () => false), refused);
});
