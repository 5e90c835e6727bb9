import assert from "node:assert/strict";
import {
  decodePublicKeyHeader,
  decodeTokenHeader,
  encodePublicKeyHeader,
  MAX_PUBLIC_KEY_HEADER,
  readPublicKeyHeader,
} from "./header.ts";
import { parsePublicKey } from "./parse_public_key.ts";
import { keyFacts, signedRequests } from "./testing/vectors.ts";

Deno.test("public-key headers equal Flower 1.9's, in both directions", async () => {
  for (const { spki_pem, public_key_header } of Object.values(keyFacts())) {
    const key = await parsePublicKey(spki_pem, "in a test");
    assert.equal(encodePublicKeyHeader(key), public_key_header);
    assert.equal(decodePublicKeyHeader(public_key_header), spki_pem);
    assert.equal((await readPublicKeyHeader(public_key_header)).openssh, key.openssh);
  }
});

Deno.test("an invalid public-key header is recognised without an exception", () => {
  const { public_key_header } = keyFacts()["client_credentials_1"]!;
  const wrong = [
    public_key_header.slice(0, -1),
    public_key_header + "=",
    public_key_header.replace("L", "+"),
    public_key_header.slice(0, 60) + "\n" + public_key_header.slice(60),
    "A".repeat(MAX_PUBLIC_KEY_HEADER + 4),
  ];
  assert.deepEqual(wrong.map(decodePublicKeyHeader), wrong.map(() => undefined));
});

Deno.test("a SuperLink that sends no key is refused as unauthenticated", async () => {
  for (const value of ["", "!", btoa("hello"), btoa("ecdsa-sha2-nistp384 AAAA")]) {
    await assert.rejects(readPublicKeyHeader(value), {
      name: "FlwrError",
      code: "unauthenticated",
      message: /in metadata "public-key"/,
    });
  }
});

Deno.test("auth-token headers contain exactly 32 bytes", () => {
  for (const { auth_token, hmac_hex } of signedRequests()) {
    assert.equal(decodeTokenHeader(auth_token)?.toHex(), hmac_hex);
  }
  const wrong = ["", "A".repeat(44), "A".repeat(42) + "==", "A".repeat(43), " ".repeat(44)];
  assert.deepEqual(wrong.map(decodeTokenHeader), wrong.map(() => undefined));
});
