import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../base/error.ts";
import { CURVES } from "./curve.ts";
import { encodeOpenSshPrivate } from "./openssh_private.ts";
import { parsePrivateKey } from "./parse_private_key.ts";
import { PrivateKey } from "./private_key.ts";
import { KEY_FOLDER, keyFacts, nodeSignatures, session } from "./testing/vectors.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { installed, runTool } from "./testing/tools.ts";
import { NIGHTLY } from "../tests/support/nightly.ts";

const HERE = 'in "a"';

async function refusal(text: string): Promise<FlwrError> {
  const error = await parsePrivateKey(text, HERE, "a").then(() => undefined, (error) => error);
  assert.ok(error instanceof FlwrError, `not refused properly: ${error}`);
  return error;
}

Deno.test("keys of the recorded session have the scalars and points that Python read", async () => {
  for (const [name, facts] of Object.entries(keyFacts())) {
    const text = await Deno.readTextFile(KEY_FOLDER + name);
    for (const form of [text, facts.pkcs8_pem]) {
      const key = await parsePrivateKey(form, HERE);
      assert.equal(key.revealScalar().toHex(), facts.private_scalar_hex.padStart(96, "0"));
      assert.equal(key.publicKey.pem, facts.spki_pem);
    }
  }
});

Deno.test("keys written by Python are read, with short scalars and a scalar with its high bit set", async () => {
  const made = [session().server, session().client, session().other];
  for (const { openssh_private, pkcs8_private, openssh_public } of made) {
    for (const text of [openssh_private, pkcs8_private]) {
      assert.equal((await parsePrivateKey(text, HERE)).publicKey.openssh, openssh_public);
    }
  }
  for (const { private_key_openssh, private_key_pkcs8, public_key_openssh } of nodeSignatures()) {
    for (const text of [private_key_openssh, private_key_pkcs8]) {
      assert.equal((await parsePrivateKey(text, HERE)).publicKey.openssh, public_key_openssh);
    }
  }
});

Deno.test("a key whose private and public parts differ is refused", async () => {
  const { facts, scalar, stranger } = await twoKeys();
  await assert.rejects(
    PrivateKey.fromScalar(facts.curve, scalar, HERE, stranger),
    /do not belong together/,
  );
});

async function twoKeys() {
  const facts = CURVES[1]!;
  const [one, two] = [await PrivateKey.generate("P-384"), await PrivateKey.generate("P-384")];
  return { facts, scalar: one.revealScalar(), stranger: two.publicKey.spki.slice(-97) };
}

Deno.test("each kind of wrong private key has its own error", async () => {
  const { openssh_private, pkcs8_private, openssh_public, spki_public } = session().client;
  const cases: [string, RegExp][] = [
    ["", /is neither an OpenSSH nor a PEM private key/],
    [openssh_public, /is a public key/],
    [spki_public, /is a public key/],
    [openssh_private.slice(0, 300), /is truncated/],
    [pkcs8_private.replace("BBDA", "BBDE"), /bytes follow its end/],
    [openssh_private.replace("b3BlbnNz", "b3BlbnNa"), /its magic is wrong/],
    [
      "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
      /is a "RSA PRIVATE KEY"/,
    ],
    ["-----BEGIN PRIVATE KEY-----\nAAA\n-----END PRIVATE KEY-----", /it is not base64/],
    [
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----",
      /it is not an elliptic-curve key/,
    ],
  ];
  for (const [text, sentence] of cases) {
    const { message, code } = await refusal(text);
    assert.match(message, sentence);
    assert.ok(message.includes(HERE), message);
    assert.equal(code, "invalid-argument");
  }
});

Deno.test("damaged private keys are refused with FlwrError or read as the same key", async () => {
  const { openssh_private, pkcs8_private, openssh_public } = session().client;
  const damaged = fc.tuple(
    fc.constantFrom(openssh_private, pkcs8_private),
    fc.nat(),
    fc.integer({ min: 0, max: 7 }),
    fc.boolean(),
  ).map(([text, position, bit, cut]) => {
    const at = position % text.length;
    const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
    return cut ? text.slice(0, at) : text.slice(0, at) + flipped + text.slice(at + 1);
  });
  await fc.assert(
    fc.asyncProperty(damaged, async (text) => {
      try {
        assert.equal((await parsePrivateKey(text, HERE)).publicKey.openssh, openssh_public);
      } catch (error) {
        assert.ok(error instanceof FlwrError, String(error));
        assert.match(error.code, /^(invalid-argument|failed-precondition)$/);
      }
    }),
    { numRuns: NIGHTLY ? 1500 : 400 },
  );
});

Deno.test("any bytes in a private key's PEM block give only a FlwrError", async () => {
  const labels = fc.constantFrom("OPENSSH PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY");
  const magic = new TextEncoder().encode("openssh-key-v1\0");
  const contents = fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 200 })).map(([head, bytes]) =>
    new Uint8Array(head ? [...magic, ...bytes] : [0x30, bytes.length, ...bytes])
  );
  await fc.assert(
    fc.asyncProperty(labels, contents, async (label, bytes) => {
      await refusal(`-----BEGIN ${label}-----\n${bytes.toBase64()}\n-----END ${label}-----\n`);
    }),
    { numRuns: NIGHTLY ? 1000 : 250 },
  );
});

Deno.test({
  name: "keys of ssh-keygen and openssl are read in all their formats, encrypted ones refused",
  ignore: !installed("ssh-keygen") || !installed("openssl"),
  fn: () =>
    inTemporaryFolder(async (folder) => {
      for (const bits of [256, 384, 521]) {
        const file = `${folder}/key${bits}`;
        await runTool("ssh-keygen", "-q", "-t", "ecdsa", "-b", `${bits}`, "-N", "", "-f", file);
        const expected = (await runTool("ssh-keygen", "-y", "-f", file)).split(" ");
        const openssh = expected.slice(0, 2).join(" ").trim();
        const pkcs8 = await runTool(
          "openssl",
          "pkcs8",
          "-topk8",
          "-nocrypt",
          "-in",
          await asPem(file),
        );
        const sec1 = await runTool("openssl", "ec", "-in", `${file}.pem`);
        const bare = await runTool("openssl", "ec", "-in", `${file}.pem`, "-no_public");
        for (const text of [await Deno.readTextFile(file), pkcs8, sec1, bare]) {
          assert.equal((await parsePrivateKey(text, HERE)).publicKey.openssh, openssh);
        }

        await Deno.writeTextFile(`${file}.p8`, pkcs8);
        const passphrase = ["-passout", "pass:secret"];
        const encrypted = [
          await runTool("openssl", "pkcs8", "-topk8", "-in", `${file}.p8`, ...passphrase),
          await runTool("openssl", "ec", "-in", `${file}.p8`, "-aes128", ...passphrase),
        ];
        await runTool("ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", file);
        for (const text of [...encrypted, await Deno.readTextFile(file)]) {
          const { code, message, hints } = await refusal(text);
          assert.equal(code, "failed-precondition");
          assert.match(message, /is protected by a passphrase/);
          assert.match(hints.join(), /ssh-keygen -p -N "" -f a/);
        }
      }

      /** A copy of an OpenSSH key in PEM, which openssl reads. */
      async function asPem(file: string): Promise<string> {
        const copy = `${file}.pem`;
        await Deno.copyFile(file, copy);
        await runTool("ssh-keygen", "-q", "-p", "-P", "", "-N", "", "-m", "PEM", "-f", copy);
        return copy;
      }
    }),
});

Deno.test("a printed, inspected or JSON-encoded key shows only its fingerprint", async () => {
  const key = await PrivateKey.generate("P-256");
  const secret = key.revealScalar();
  const shown = [`${key}`, Deno.inspect(key), JSON.stringify({ key }), encodeURI(String([key]))];
  for (const text of shown) {
    assert.ok(text.includes("SHA256:"), text);
    assert.ok(!text.includes(secret.toHex()) && !text.includes(secret.toBase64()), text);
  }
});

Deno.test("keys written by encodeOpenSshPrivate are read back, with padding for every comment", async () => {
  const key = await PrivateKey.generate("P-521");
  for (let length = 0; length < 9; length++) {
    const text = encodeOpenSshPrivate(key, { comment: "c".repeat(length) });
    const back = await parsePrivateKey(text, HERE);
    assert.deepEqual(back.revealScalar(), key.revealScalar());
  }
});
