import assert from "node:assert/strict";
import { bytesOf, WHOLE } from "./testing/golden.ts";
import { combineShares, createShares, systemRandomBytes } from "./shamir.ts";

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
