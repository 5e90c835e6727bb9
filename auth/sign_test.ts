import assert from "node:assert/strict";
import { CURVES } from "./curve.ts";
import { type OpenSsl, openSsl } from "./openssl.ts";
import { PrivateKey } from "./private_key.ts";
import { verifySignature } from "./verify_signature.ts";

const opening = openSsl();
const WEB_CRYPTO = Promise.resolve(undefined);
/** OpenSSL is missing on some systems. */
const ignore = await opening === undefined;
const MESSAGE = new TextEncoder().encode("2026-11-30T10:10:10.123456+00:00");
/** Enough that some r and s begin with a zero byte, or with a bit that DER pads. */
const MANY = 300;

Deno.test({
  name: "OpenSSL gives its known answers wherever it can be opened",
  ignore: !canOpen(),
  async fn() {
    assert.notEqual(await opening, undefined);
  },
});

for (const { curve } of CURVES) {
  Deno.test({
    name:
      `WebCrypto and OpenSSL accept the ${curve} signatures of OpenSSL, for their key and message only`,
    ignore,
    async fn() {
      const [key, other] = [await PrivateKey.generate(curve), await PrivateKey.generate(curve)];
      for (let nth = 0; nth < 5; nth++) {
        const signature = await key.sign(MESSAGE, opening);
        for (const verifier of [WEB_CRYPTO, opening]) {
          const verify = (by: PrivateKey, message: Uint8Array) =>
            verifySignature(by.publicKey, message, signature, verifier);
          assert.ok(await verify(key, MESSAGE));
          assert.equal(await verify(other, MESSAGE), undefined);
          assert.equal(await verify(key, MESSAGE.slice(1)), undefined);
        }
      }
    },
  });
}

Deno.test({
  name: "OpenSSL signs for several keys at the same time, each time with another nonce",
  ignore,
  async fn() {
    const keys = await Promise.all(["P-256", "P-256"].map(() => PrivateKey.generate("P-256")));
    const signatures = await Promise.all(
      Array.from({ length: MANY }, async (_, nth) => {
        const key = keys[nth % keys.length]!;
        const signature = await key.sign(MESSAGE, opening);
        assert.ok(await verifySignature(key.publicKey, MESSAGE, signature, opening), `${nth}`);
        return signature.toHex();
      }),
    );
    assert.equal(new Set(signatures).size, MANY);
  },
});

Deno.test("a key signs with WebCrypto where OpenSSL makes no signature", async () => {
  const none: OpenSsl = {
    sign: () => Promise.resolve(undefined),
    verify: () => Promise.resolve(undefined),
  };
  const key = await PrivateKey.generate("P-384");
  const signature = await key.sign(MESSAGE, Promise.resolve(none));
  assert.deepEqual(signature, await key.sign(MESSAGE, WEB_CRYPTO));
  assert.ok(await verifySignature(key.publicKey, MESSAGE, signature, WEB_CRYPTO));
});

Deno.test({
  name: "OpenSSL takes over from WebCrypto when a key has signed often",
  ignore,
  async fn() {
    const key = await PrivateKey.generate("P-256");
    // WebCrypto signs deterministically, OpenSSL does not.
    const [first, second] = [await key.sign(MESSAGE), await key.sign(MESSAGE)];
    assert.deepEqual(first, second);
    for (let nth = 2; nth < 16; nth++) await key.sign(MESSAGE);
    const later = await key.sign(MESSAGE);
    assert.notDeepEqual(later, first);
    assert.ok(await verifySignature(key.publicKey, MESSAGE, later, WEB_CRYPTO));
  },
});

function canOpen(): boolean {
  try {
    Deno.dlopen("libcrypto.so.3", {}).close();
    return true;
  } catch {
    return false;
  }
}
