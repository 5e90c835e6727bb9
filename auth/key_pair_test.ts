import assert from "node:assert/strict";
import { FlwrError } from "../base/error.ts";
import { MAX_KEY_FILE_BYTES, readKeyPair, readPrivateKey, readPublicKey } from "./key_pair.ts";
import { KEY_FOLDER, keyFacts } from "./testing/vectors.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";

const FLAGS = {
  privateFlag: "--auth-supernode-private-key",
  publicFlag: "--auth-supernode-public-key",
};

Deno.test("files of one pair are read", async () => {
  const privateFile = `${KEY_FOLDER}client_credentials_3`;
  const pair = await readKeyPair({ privateFile, publicFile: `${privateFile}.pub`, ...FLAGS });
  assert.equal(pair.publicKey.pem, keyFacts()["client_credentials_3"]!.spki_pem);
});

Deno.test("files of two pairs are refused, naming both files, flags and fingerprints", async () => {
  const privateFile = `${KEY_FOLDER}client_credentials_1`;
  const publicFile = `${KEY_FOLDER}client_credentials_2.pub`;
  const error = await readKeyPair({ privateFile, publicFile, ...FLAGS }).catch((error) => error);
  assert.ok(error instanceof FlwrError);
  assert.equal(error.code, "failed-precondition");
  for (const part of [privateFile, publicFile, ...Object.values(FLAGS)]) {
    assert.ok(error.message.includes(part), error.message);
  }
  assert.equal(error.message.match(/SHA256:/g)?.length, 2);
});

Deno.test("the error for swapped private and public keys says so", async () => {
  const file = `${KEY_FOLDER}server_credentials`;
  await assert.rejects(readPublicKey({ file, flag: "--x" }), /"\S+" \(--x\) is a private key/);
  await assert.rejects(readPrivateKey({ file: `${file}.pub` }), /\.pub" is a public key/);
});

Deno.test("files that cannot be read are refused, naming file and flag", () =>
  inTemporaryFolder(async (folder) => {
    await Deno.writeFile(`${folder}/large`, new Uint8Array(MAX_KEY_FILE_BYTES + 1));
    await Deno.writeFile(`${folder}/binary`, new Uint8Array([0xff, 0xfe]));
    const cases: [string, string, RegExp][] = [
      [`${folder}/none`, "not-found", /does not exist/],
      [folder, "invalid-argument", /is a folder/],
      [`${folder}/large`, "resource-exhausted", /is too large: it has 65537 bytes/],
      [`${folder}/binary`, "invalid-argument", /is text in UTF-16/],
    ];
    for (const [file, code, message] of cases) {
      await assert.rejects(readPrivateKey({ file, flag: "--key" }), { code, message });
      await assert.rejects(
        readPrivateKey({ file, flag: "--key" }),
        ({ message }: Error) => message.startsWith(`Private key file "${file}" (--key) `),
      );
    }
  }));
