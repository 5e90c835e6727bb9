import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import { ExecutorSecret, isSignedBody } from "./executor_secret.ts";

/** Created by Flower 1.41. */
const vector = JSON.parse(
  await Deno.readTextFile(
    new URL("../tests/vectors/flwr-1.41/superexec_hmac.json", import.meta.url),
  ),
);
const secret = new TextEncoder().encode(vector.master_secret);
const body = Uint8Array.fromBase64(vector.request_b64);
const recorded = {
  timestamp: String(vector.ts),
  nonce: vector.nonce,
  bodySha256: vector.body_sha256,
  signature: vector.signature,
};

function verifier(secondsLater = 0, bytes = secret) {
  return new ExecutorSecret(bytes, new FakeClock(vector.ts + secondsLater));
}

Deno.test("executor secret: signs as Flower 1.41 does", () => {
  assert.deepEqual(verifier(0.9).sign(vector.method, body, vector.nonce), recorded);
});

Deno.test("executor secret: accepts Flower's signature once", async () => {
  const mine = verifier();
  assert.equal(isSignedBody(body, recorded), true);
  assert.equal(isSignedBody(body.subarray(1), recorded), false);
  assert.equal(await mine.verify(vector.method, recorded), true);
  assert.equal(await mine.verify(vector.method, recorded), false);
});

Deno.test("executor secret: accepts a signature only within its window", async () => {
  for (const [seconds, accepted] of [[-5, false], [-4.9, true], [304.9, true], [305, false]]) {
    const outcome = await verifier(seconds as number).verify(vector.method, recorded);
    assert.equal(outcome, accepted, `${seconds} s later`);
  }
});

Deno.test("executor secret: refuses a wrong signature and does not remember it", async () => {
  const mine = verifier();
  const other = new TextEncoder().encode("another secret");
  const refused = await Promise.all([
    mine.verify("/flwr.proto.Runtime/PullTaskInput", recorded),
    mine.verify(vector.method, { ...recorded, bodySha256: "0".repeat(64) }),
    mine.verify(vector.method, { ...recorded, nonce: "1".repeat(32) }),
    mine.verify(vector.method, { ...recorded, timestamp: String(vector.ts + 1) }),
    mine.verify(vector.method, { ...recorded, timestamp: `${vector.ts}\nx` }),
    mine.verify(vector.method, { ...recorded, signature: "" }),
    mine.verify(vector.method, { ...recorded, signature: "é".repeat(64) }),
    mine.verify(vector.method, { ...recorded, signature: vector.signature.toUpperCase() }),
    verifier(0, other).verify(vector.method, recorded),
  ]);
  assert.deepEqual(refused, refused.map(() => false));
  assert.equal(await mine.verify(vector.method, recorded), true);
});

Deno.test("executor secret: an empty secret is refused", () => {
  assert.throws(() => new ExecutorSecret(new Uint8Array()), { code: "invalid-argument" });
});
