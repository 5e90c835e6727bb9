import assert from "node:assert/strict";
import { recoverSecret } from "./recover_secret.ts";
import { areConsistent, combineShares, createShares, systemRandomBytes } from "./shamir.ts";
import { ShareFactors } from "./share_factors.ts";

Deno.test("share factors: one object serves secrets with shares of many different numbers", async () => {
  const factors = new ShareFactors();
  for (let i = 0; i < 40; i++) {
    const secret = systemRandomBytes(32);
    const [threshold, count] = [2 + i % 4, 8 + i % 5];
    const shares = createShares(secret, threshold, count).slice(i % 3);
    assert.ok(areConsistent(shares, threshold, factors));
    assert.deepEqual(combineShares(shares.slice(-threshold), factors), secret);
    const wrong = shares.map((share) => Uint8Array.from(share));
    wrong.at(-1)![10]! ^= 1;
    assert.equal(areConsistent(wrong, threshold, factors), false);
    const held = shares.map((share, place) => ({ holder: BigInt(place), share }));
    const check = { isValid: () => true, isProof: false };
    assert.deepEqual(await recoverSecret(held, threshold, check, factors), { secret });
  }
});

Deno.test("share factors: are computed once for a set of numbers, and are random", () => {
  const factors = new ShareFactors();
  const first = factors.check([1, 2, 4, 5], 2);
  assert.equal(factors.check([1, 2, 4, 5], 2), first);
  assert.equal(factors.atZero([1, 2]), factors.atZero([1, 2]));
  assert.notDeepEqual(factors.check([1, 2, 4, 5], 3), first);
  assert.notDeepEqual(new ShareFactors().check([1, 2, 4, 5], 2), first);
});
