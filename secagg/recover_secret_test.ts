import assert from "node:assert/strict";
import { type HeldShare, recoverSecret, type SecretCheck } from "./recover_secret.ts";
import { createShares, systemRandomBytes } from "./shamir.ts";

const SEED: SecretCheck = { isValid: (secret) => secret.length === 32, isProof: false };
const REFUSED = { code: "failed-precondition" };

/** A check that only one secret passes. */
function proofOf(secret: Uint8Array): SecretCheck {
  return { isValid: (bytes) => bytes.toBase64() === secret.toBase64(), isProof: true };
}

/** Shares as nodes 1, 2, … hold them; some are wrong in one bit of their first chunk. */
function held(shares: readonly Uint8Array[], ...wrong: bigint[]): HeldShare[] {
  return shares.map((share, i) => {
    const [holder, changed] = [BigInt(i + 1), Uint8Array.from(share)];
    // The padding stays right, so that what comes out is a secret of the right length.
    if (wrong.includes(holder)) changed[4]! ^= 1;
    return { holder, share: changed };
  });
}

Deno.test("recover secret: one wrong share among threshold + 2 or more is found, wherever it is", async () => {
  for (const [count, threshold] of [[4, 2], [5, 3], [6, 4], [8, 6], [9, 6], [10, 7]] as const) {
    const secret = systemRandomBytes(32);
    const shares = createShares(secret, threshold, count);
    assert.deepEqual(await recoverSecret(held(shares), threshold, SEED), { secret });
    for (let wrongHolder = 1n; wrongHolder <= count; wrongHolder++) {
      const found = await recoverSecret(held(shares, wrongHolder), threshold, SEED);
      assert.deepEqual(found, { secret, wrongHolder }, `${count} shares, threshold ${threshold}`);
    }
  }
});

Deno.test("recover secret: one wrong share among threshold + 1 is seen, and nobody is named", async () => {
  for (const [count, threshold] of [[3, 2], [4, 3], [5, 4], [7, 6]] as const) {
    const shares = createShares(systemRandomBytes(32), threshold, count);
    for (let wrong = 1n; wrong <= count; wrong++) {
      await assert.rejects(recoverSecret(held(shares, wrong), threshold, SEED), REFUSED);
    }
  }
});

Deno.test("recover secret: with threshold + 1 shares, a secret that can be proved is found", async () => {
  for (const [count, threshold] of [[3, 2], [4, 3], [6, 5]] as const) {
    const secret = systemRandomBytes(306);
    const shares = createShares(secret, threshold, count);
    for (let wrongHolder = 1n; wrongHolder <= count; wrongHolder++) {
      const found = await recoverSecret(held(shares, wrongHolder), threshold, proofOf(secret));
      assert.deepEqual(found, { secret }, "two that work together could put it on a third");
    }
    const [first, second] = createShares(systemRandomBytes(306), threshold, 2);
    const two = held([first!, second!, ...shares.slice(2)]);
    await assert.rejects(recoverSecret(two, threshold, proofOf(secret)), REFUSED);
  }
});

Deno.test("recover secret: shares that agree at 0 alone are refused", async () => {
  // The factors of shares 1 to 7 at 0 are all 1, so two equal errors cancel there, and the first four shares are right.
  const shares = createShares(systemRandomBytes(32), 4, 7);
  await assert.rejects(recoverSecret(held(shares, 6n, 7n), 4, SEED), REFUSED);
});

Deno.test("recover secret: two wrong shares among threshold + 3 are refused, not repaired wrongly", async () => {
  const shares = createShares(systemRandomBytes(32), 3, 6);
  for (const other of [2n, 3n, 4n, 5n, 6n]) {
    await assert.rejects(recoverSecret(held(shares, 1n, other), 3, SEED), REFUSED);
  }
});

Deno.test("recover secret: finds a share that was replayed, copied, or of another length", async () => {
  const secret = systemRandomBytes(32);
  const shares = createShares(secret, 3, 5);
  const earlier = createShares(systemRandomBytes(32), 3, 5);
  for (const wrong of [earlier[1]!, new Uint8Array(3), new Uint8Array(52), new Uint8Array(68)]) {
    const given = held(shares.with(1, wrong));
    assert.deepEqual(await recoverSecret(given, 3, SEED), { secret, wrongHolder: 2n });
  }
  // Of two equal shares either may be the copy.
  assert.deepEqual(await recoverSecret(held(shares.with(1, shares[0]!)), 3, SEED), { secret });
});

Deno.test("recover secret: refuses what it cannot repair", async () => {
  const shares = createShares(systemRandomBytes(32), 3, 4);
  const refuses = (given: HeldShare[], check = SEED) =>
    assert.rejects(recoverSecret(given, 3, check), REFUSED);
  await refuses(held(shares.slice(0, 2)));
  await refuses(held(shares), { isValid: () => false, isProof: true });
  await refuses(held(shares.slice(0, 3)), { isValid: () => false, isProof: true });
});
