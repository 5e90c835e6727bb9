import assert from "node:assert/strict";
import { curveFacts, CURVES } from "./curve.ts";
import { derFromRawSignature, rawFromDerSignature } from "./ecdsa_signature.ts";
import { toFixedLength, toInteger } from "./bytes.ts";
import { openSsl } from "./openssl.ts";
import { PrivateKey } from "./private_key.ts";
import { verifySignature } from "./verify_signature.ts";

const opening = openSsl();
const MESSAGE = new TextEncoder().encode("2026-11-30T10:10:10.123456+00:00");

/** Both ways to verify. OpenSSL is missing on some systems. */
const WAYS = { WebCrypto: Promise.resolve(undefined), OpenSSL: opening };

for (const [name, openssl] of Object.entries(WAYS)) {
  const ignore = name === "OpenSSL" && await opening === undefined;
  for (const { curve } of CURVES) {
    Deno.test({
      name: `${name} accepts a ${curve} signature, and nothing that differs from it`,
      ignore,
      async fn() {
        const [key, other] = [await PrivateKey.generate(curve), await PrivateKey.generate(curve)];
        const signature = await key.sign(MESSAGE);
        const verify = (signature: Uint8Array, message = MESSAGE, by = key) =>
          verifySignature(by.publicKey, message, signature, openssl);
        const raw = rawFromDerSignature(signature, curve)!;
        assert.deepEqual(await verify(signature), { raw });
        for (const wrong of wrongSignatures(raw, curveFacts(curve).n)) {
          assert.equal(await verify(wrong), undefined, wrong.toHex());
        }
        assert.equal(await verify(signature, MESSAGE.slice(1)), undefined);
        assert.equal(await verify(signature, MESSAGE, other), undefined);
        assert.equal(await verify(signature.slice(0, -1)), undefined);
        assert.equal(await verify(new Uint8Array()), undefined);
      },
    });
  }
}

/** Signatures with one bit changed, and with r and s at the ends of their range and beyond. */
function* wrongSignatures(raw: Uint8Array, order: bigint): Generator<Uint8Array> {
  const half = raw.length / 2;
  for (const place of [0, half - 1, half, raw.length - 1]) {
    const changed = raw.slice();
    changed[place]! ^= 1;
    yield derFromRawSignature(changed);
  }
  const [r, s] = [toInteger(raw.subarray(0, half)), toInteger(raw.subarray(half))];
  const pairs = [[0n, s], [r, 0n], [0n, 0n], [1n, 1n], [order, s], [r, order], [s, r]] as const;
  const bytes = (value: bigint) =>
    toFixedLength(Uint8Array.fromHex(value.toString(16).padStart(2 * half, "0")), half)!;
  for (const [r, s] of pairs) yield derFromRawSignature(Uint8Array.of(...bytes(r), ...bytes(s)));
}

Deno.test({
  name: "OpenSSL verifies many signatures of several keys at the same time",
  ignore: await opening === undefined,
  async fn() {
    const keys = await Promise.all(CURVES.map(({ curve }) => PrivateKey.generate(curve)));
    const verdicts = await Promise.all(
      Array.from({ length: 120 }, async (_, nth) => {
        const signer = keys[nth % keys.length]!;
        const verifier = keys[(nth + (nth % 2 === 0 ? 0 : 1)) % keys.length]!;
        const message = new TextEncoder().encode(`message ${nth}`);
        const signature = await signer.sign(message);
        return await verifySignature(verifier.publicKey, message, signature, opening) !== undefined;
      }),
    );
    assert.deepEqual(verdicts, verdicts.map((_, nth) => nth % 2 === 0));
  },
});
