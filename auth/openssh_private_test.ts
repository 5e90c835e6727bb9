import assert from "node:assert/strict";
import sshpk from "sshpk";
import { CURVES } from "./curve.ts";
import { encodeOpenSshPrivate } from "./openssh_private.ts";
import { parsePrivateKey } from "./parse_private_key.ts";
import { PrivateKey } from "./private_key.ts";
import { KEY_FOLDER } from "./testing/vectors.ts";
import { installed, inTemporaryFolder, runTool } from "./testing/tools.ts";

/** Magic, "none" twice, "", the number of keys, the public key of 136 bytes, the length of the private section. */
const CHECK_OFFSET = 15 + 8 + 8 + 4 + 4 + (4 + 136) + 4;

Deno.test("a key of ssh-keygen is written back to the same bytes", async () => {
  for (const name of ["server_credentials", "client_credentials_1", "client_credentials_3"]) {
    const text = await Deno.readTextFile(KEY_FOLDER + name);
    const bytes = Uint8Array.fromBase64(text.replace(/-----[A-Z ]+-----/g, ""));
    const check = bytes.slice(CHECK_OFFSET, CHECK_OFFSET + 4);
    const key = await parsePrivateKey(text, "in a test");
    assert.equal(encodeOpenSshPrivate(key, { check }), text);
  }
});

Deno.test("the check number is new each time", async () => {
  const key = await PrivateKey.generate("P-256");
  assert.notEqual(encodeOpenSshPrivate(key), encodeOpenSshPrivate(key));
});

for (const { curve, bits } of CURVES) {
  Deno.test(`sshpk reads the same ${curve} key from the file`, async () => {
    const key = await PrivateKey.generate(curve);
    const read = sshpk.parsePrivateKey(encodeOpenSshPrivate(key), "ssh");
    assert.equal(read.size, bits);
    assert.equal(read.toPublic().toString("ssh"), `${key.publicKey.openssh} (unnamed)`);
    assert.equal(
      read.toPublic().fingerprint("sha256").toString(),
      key.publicKey.fingerprint,
    );
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
