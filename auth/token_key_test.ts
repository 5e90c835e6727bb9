import assert from "node:assert/strict";
import fc from "fast-check";
import { readPrivateKey } from "./key_pair.ts";
import { parsePrivateKey } from "./parse_private_key.ts";
import { parsePublicKey } from "./parse_public_key.ts";
import { PrivateKey } from "./private_key.ts";
import {
  KEY_FOLDER,
  session,
  sessionMessages,
  sharedSecrets,
  signedRequests,
} from "./testing/vectors.ts";
import { deriveSecretText, TokenKey } from "./token_key.ts";

const HERE = "in a test";

function recorded(name: string): Promise<PrivateKey> {
  return readPrivateKey({ file: KEY_FOLDER + name });
}

Deno.test("both ends derive the secrets that Flower 1.9 derived from recorded keys", async () => {
  for (const shared of sharedSecrets()) {
    const [client, server] = [await recorded(shared.client), await recorded(shared.server)];
    assert.equal((await client.agree(server.publicKey)).toHex(), shared.ecdh_x_hex);
    assert.equal(await deriveSecretText(client, server.publicKey), shared.hmac_key_ascii);
    assert.equal(await deriveSecretText(server, client.publicKey), shared.hmac_key_ascii);
  }
});

Deno.test("both ends derive the synthetic session's secret and tokens", async () => {
  const made = session();
  const messages = sessionMessages();
  const server = await parsePrivateKey(made.server.openssh_private, HERE);
  const client = await parsePrivateKey(made.client.pkcs8_private, HERE);
  assert.equal((await server.agree(client.publicKey)).toBase64(), made.shared_secret);
  assert.equal(await deriveSecretText(server, client.publicKey), made.hmac_key_ascii);
  const atClient = await TokenKey.derive(
    client,
    await parsePublicKey(made.server.spki_public, HERE),
  );
  const atServer = await TokenKey.derive(server, client.publicKey);
  for (const [name, token] of Object.entries(made.hmac)) {
    const request = Uint8Array.fromBase64(messages[name]!.deterministic);
    assert.equal(await atClient.sign(request), token, name);
    assert.equal(await atServer.verify(request, token), true, name);
  }
});

Deno.test("recorded requests give the recorded tokens", async () => {
  const client = await recorded("client_credentials_1");
  const server = await recorded("server_credentials");
  const key = await TokenKey.derive(server, client.publicKey);
  for (const { name, canonical_hex, auth_token } of signedRequests()) {
    const request = Uint8Array.fromHex(canonical_hex);
    assert.equal(await key.sign(request), auth_token, name);
    assert.equal(await key.verify(request, auth_token), true, name);
  }
});

Deno.test("any other token, request or peer is refused", async () => {
  const [server, client, stranger] = await Promise.all(
    [1, 2, 3].map(() => PrivateKey.generate("P-384")),
  );
  const key = await TokenKey.derive(server!, client!.publicKey);
  const foreign = await TokenKey.derive(stranger!, server!.publicKey);
  const request = new TextEncoder().encode("a request");
  const token = await key.sign(request);
  assert.equal(await key.verify(request, await foreign.sign(request)), false);
  assert.equal(await key.verify(request.slice(1), token), false);
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.base64String(), fc.string(), mangled(token)), async (value) => {
      assert.equal(await key.verify(request, value), value === token);
    }),
  );
});

/** The token with one character replaced, added or removed. */
function mangled(token: string): fc.Arbitrary<string> {
  const position = fc.nat({ max: token.length - 1 });
  return fc.tuple(position, fc.string({ maxLength: 2 })).map(([at, text]) =>
    token.slice(0, at) + text + token.slice(at + 1)
  );
}

Deno.test("keys on different curves are refused, and the error names both curves", async () => {
  const [own, peer] = [await PrivateKey.generate("P-384"), await PrivateKey.generate("P-256")];
  await assert.rejects(TokenKey.derive(own, peer.publicKey), {
    code: "failed-precondition",
    message: new RegExp(
      `${peer.publicKey.fingerprint} is on P-256 .* it is on P-384`.replaceAll(/[+/]/g, "."),
    ),
  });
});
