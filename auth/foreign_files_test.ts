import assert from "node:assert/strict";
import { FlwrError } from "../base/error.ts";
import { readKeyList } from "./key_list.ts";
import { readPrivateKey, readPublicKey } from "./key_pair.ts";

const file = (name: string) => ({ file: `tests/vectors/files/${name}` });

async function refused(action: Promise<unknown>, sentence: RegExp, hint: RegExp): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof FlwrError, String(error));
    assert.match(error.message, sentence);
    assert.match(error.hints.join("\n"), hint);
    return error.code === "invalid-argument";
  });
}

Deno.test("keys: a private key with a compressed public point is accepted", async () => {
  const { publicKey } = await readPrivateKey(file("key_sec1_compressed_point.key"));
  assert.equal(publicKey.curve, "P-256");
  const text = await Deno.readTextFile(file("key_sec1_compressed_point.key").file);
  const bytes = Uint8Array.fromBase64(text.replaceAll(/-----[^-]+-----|\s/g, ""));
  // Flips the parity of the point, which then belongs to another key.
  bytes[bytes.length - 33]! ^= 1;
  const path = await Deno.makeTempFile();
  try {
    const lines = [
      "-----BEGIN EC PRIVATE KEY-----",
      bytes.toBase64(),
      "-----END EC PRIVATE KEY-----",
    ];
    await Deno.writeTextFile(path, lines.join("\n"));
    await assert.rejects(readPrivateKey({ file: path }), /do not belong together/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("keys: errors for unsupported formats name the format and the conversion", async () => {
  await refused(
    readPrivateKey(file("key_explicit_parameters.key")),
    /explicit parameters/,
    /openssl ec -in .* -param_enc named_curve/,
  );
  await refused(readPublicKey(file("key_rfc4716.pub")), /RFC 4716/, /ssh-keygen -i -f FILE/);
  await refused(
    readPublicKey(file("key_spki_compressed_point.pub")),
    /its point is compressed/,
    /-conv_form uncompressed/,
  );
  await refused(
    readKeyList(file("keylist_hash_comment.csv")),
    /line 1 .* is a comment/,
    /Remove the line/,
  );
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "PuTTY-User-Key-File-3: ecdsa-sha2-nistp384\n");
    await refused(readPrivateKey({ file: path }), /PuTTY's format/, /PuTTYgen/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("keys: a comment that is not UTF-8 does not matter", async () => {
  const key = await readPrivateKey(file("key_sec1_compressed_point.key"));
  const path = await Deno.makeTempFile();
  try {
    const line = new TextEncoder().encode(`${key.publicKey.openssh} M`);
    await Deno.writeFile(path, new Uint8Array([...line, 0xfc, 0x0a]));
    assert.equal((await readPublicKey({ file: path })).pem, key.publicKey.pem);
  } finally {
    await Deno.remove(path);
  }
});
