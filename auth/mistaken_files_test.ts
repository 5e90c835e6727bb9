import assert from "node:assert/strict";
import { FlwrError } from "../base/error.ts";
import { derKind } from "./der_kind.ts";
import { readPrivateKey } from "./key_pair.ts";
import { parseKeyList } from "./key_list.ts";
import { parsePrivateKey } from "./parse_private_key.ts";
import { parsePublicKey } from "./parse_public_key.ts";
import { readPem } from "./pem.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { session } from "./testing/vectors.ts";

const { client, other } = session();
const CERTIFICATE = Deno.readTextFileSync("tests/vectors/files/cert_plain.crt");
const DER = readPem(client.pkcs8_private)[0]!.bytes!;

async function refused(action: Promise<unknown>, sentence: RegExp, hint: RegExp): Promise<void> {
  await assert.rejects(action, (error) => {
    assert.ok(error instanceof FlwrError, String(error));
    assert.match(error.message, sentence);
    assert.match(error.hints.join("\n"), hint);
    return error.code === "invalid-argument";
  });
}

Deno.test("a file with two private keys is refused, whatever their formats are", async () => {
  for (const first of [client.pkcs8_private, client.openssh_private]) {
    const text = `${first}\n${other.pkcs8_private}`;
    await refused(parsePrivateKey(text, 'in "a"'), /one of 2 in the file/, /Leave only/);
  }
});

Deno.test("the error for a binary private key has the command that converts it", () =>
  inTemporaryFolder(async (folder) => {
    const file = `${folder}/key`;
    await Deno.writeFile(file, DER);
    await refused(readPrivateKey({ file }), /binary form \(DER\)/, /openssl pkey -inform der/);
    const bundle = Uint8Array.fromHex("308204720201033082042806092a864886f70d");
    await Deno.writeFile(file, bundle);
    await refused(readPrivateKey({ file }), /PKCS #12/, /openssl pkcs12 -nocerts/);
  }));

Deno.test("kinds of binary files are recognised by their version, and text is not binary", () => {
  const latin1 = (hex: string) => new TextDecoder("latin1").decode(Uint8Array.fromHex(hex));
  assert.equal(derKind(latin1("30770201010420")), "private key");
  assert.equal(derKind(latin1("308187020100301306")), "private key");
  assert.equal(derKind(latin1("30820a20020103")), "PKCS #12");
  // A certificate, and text.
  for (const text of [latin1("308201a23082014702"), "", "0", "0\n", client.openssh_public]) {
    assert.equal(derKind(text), undefined);
  }
});

Deno.test("the error for a certificate instead of a public key says so", () =>
  refused(parsePublicKey(CERTIFICATE, 'in "a"'), /is a certificate/, /openssl x509 -pubkey/));

Deno.test("the error for a wrong or malformed key list says what to change", async () => {
  const list = (text: string, sentence: RegExp, hint: RegExp) =>
    refused(parseKeyList(text, { file: "l" }), sentence, hint);
  await list(client.openssh_private, /contains a private key/, /\.pub/);
  await list(client.spki_public, /contains a public key in PEM/, /ssh-keygen -i -m PKCS8 -f l/);
  await list(CERTIFICATE, /contains a PEM file \("CERTIFICATE"\)/, /public keys/);
  const [a, b] = [client.openssh_public, other.openssh_public];
  for (const between of [" me@host;", ";", "; ", " "]) {
    await list(`${a}${between}${b}\n`, /followed by another/, /comma or a new line/);
  }
  await list(`${a}\n   \n${b}\n`, /the cell is empty/, /Remove the line/);
  await list(`${a},\n${b}\n`, /the cell is empty/, /Remove the comma/);
});
