import assert from "node:assert/strict";
import { CURVES } from "./curve.ts";
import { encodeOpenSshPrivate } from "./openssh_private.ts";
import { parsePrivateKey } from "./parse_private_key.ts";
import { PrivateKey } from "./private_key.ts";
import { KEY_FOLDER, SSH_KEYGEN_FOLDER } from "./testing/vectors.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { installed, runTool } from "./testing/tools.ts";

/** Bytes before the public key: magic, "none" twice, "", and the number of keys. */
const PUBLIC_KEY_OFFSET = 15 + 8 + 8 + 4 + 4;

/** Fingerprints that `ssh-keygen -l` prints for the keys in SSH_KEYGEN_FOLDER. */
const FINGERPRINTS: Readonly<Record<string, string>> = {
  "P-256": "SHA256:k83sZtKBd9zYHRJxAL+aHC1j3aVxmNG1e8MV4Dzokww",
  "P-384": "SHA256:XlG41zE01mR+VTy40xIkoV4JKJwWLIepmV4Ru/OHMf0",
  "P-521": "SHA256:f76w2d3Tu7rgZpqXpAq+aqQhL/q1tz8uFjswc/PDLV0",
};

/** The check number of a file, which follows the length of the private section. */
function checkOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.fromBase64(text.replace(/-----[A-Z ]+-----/g, ""));
  const publicKeyBytes = new DataView(bytes.buffer).getUint32(PUBLIC_KEY_OFFSET);
  const at = PUBLIC_KEY_OFFSET + 4 + publicKeyBytes + 4;
  return bytes.slice(at, at + 4);
}

Deno.test("a key of ssh-keygen is written back to the same bytes", async () => {
  for (const name of ["server_credentials", "client_credentials_1", "client_credentials_3"]) {
    const text = await Deno.readTextFile(KEY_FOLDER + name);
    const key = await parsePrivateKey(text, "in a test");
    assert.equal(encodeOpenSshPrivate(key, { check: checkOf(text) }), text);
  }
});

Deno.test("the check number is new each time", async () => {
  const key = await PrivateKey.generate("P-256");
  assert.notEqual(encodeOpenSshPrivate(key), encodeOpenSshPrivate(key));
});

for (const { curve, bits } of CURVES) {
  Deno.test(`a ${curve} key of ssh-keygen is read, and written back to the same bytes`, async () => {
    const text = await Deno.readTextFile(`${SSH_KEYGEN_FOLDER}p${bits}`);
    const publicLine = await Deno.readTextFile(`${SSH_KEYGEN_FOLDER}p${bits}.pub`);
    const key = await parsePrivateKey(text, "in a test");
    assert.equal(key.publicKey.openssh, publicLine.trim());
    assert.equal(key.publicKey.fingerprint, FINGERPRINTS[curve]);
    assert.equal(encodeOpenSshPrivate(key, { check: checkOf(text) }), text);
  });

  Deno.test({
    name: `ssh-keygen reads the same ${curve} key from the file`,
    ignore: !installed("ssh-keygen"),
    fn: () =>
      inTemporaryFolder(async (folder) => {
        const key = await PrivateKey.generate(curve);
        const file = `${folder}/key`;
        await Deno.writeTextFile(file, encodeOpenSshPrivate(key), { mode: 0o600 });
        assert.equal((await runTool("ssh-keygen", "-y", "-f", file)).trim(), key.publicKey.openssh);
        assert.match(
          await runTool("ssh-keygen", "-l", "-f", file),
          new RegExp(`^${bits} ${key.publicKey.fingerprint.replaceAll(/[+/]/g, "\\$&")} `),
        );
      }),
  });
}
