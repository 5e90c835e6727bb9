import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../base/error.ts";
import { curveFacts } from "./curve.ts";
import { parseOpenSshPublicKey, parsePublicKey } from "./parse_public_key.ts";
import { PrivateKey } from "./private_key.ts";
import { pointOf, sshBlob } from "./public_key.ts";
import { keyFacts, nodeSignatures, session } from "./testing/vectors.ts";
import { inTemporaryFolder } from "../base/testing/temporary_folder.ts";
import { installed, runTool } from "./testing/tools.ts";
import { anyCharacter } from "../base/testing/texts.ts";

const HERE = 'in "a.pub"';

/** The error of a text that must be refused. */
async function refusal(text: string): Promise<FlwrError> {
  const error = await parsePublicKey(text, HERE).then(() => undefined, (error) => error);
  assert.ok(error instanceof FlwrError, `not refused properly: ${error}`);
  return error;
}

Deno.test("the PEM text of an OpenSSH line is byte for byte what Python writes", async () => {
  for (const { ssh_public_line, spki_pem } of Object.values(keyFacts())) {
    assert.equal((await parsePublicKey(ssh_public_line, HERE)).pem, spki_pem);
  }
  for (const { public_key_openssh, public_key_pem } of nodeSignatures()) {
    assert.equal((await parsePublicKey(public_key_openssh, HERE)).pem, public_key_pem);
  }
});

Deno.test("the OpenSSH line of a PEM text is what Python writes, whatever the line ends", async () => {
  for (const { openssh_public, spki_public } of [session().server, session().client]) {
    for (const text of [spki_public, spki_public.replaceAll("\n", "\r\n"), spki_public.trim()]) {
      assert.equal((await parsePublicKey(text, HERE)).openssh, openssh_public);
    }
  }
});

Deno.test("an OpenSSH line may have tabs, a comment, and any line end", async () => {
  const { openssh_public } = session().client;
  const { openssh } = await parsePublicKey(openssh_public, HERE);
  const [type, base64] = openssh_public.split(" ");
  for (const line of [`${type}\t \t${base64} me@host two words\r\n`, `\n${type} ${base64} \n\n`]) {
    assert.equal((await parsePublicKey(line, HERE)).openssh, openssh);
  }
});

Deno.test("each kind of wrong public key has its own error", async () => {
  const line = session().client.openssh_public;
  const [type, base64 = ""] = line.split(" ");
  const cases: [string, RegExp][] = [
    ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGx5 me", /is of type "ssh-ed25519": expected one of/],
    ["sk-ecdsa-sha2-nistp256@openssh.com AAAA", /is of type "sk-ecdsa-sha2-nistp256@openssh.com"/],
    [`no-pty,command="x" ${line}`, /has options before its type/],
    [` ${line}`, /starts with a space/],
    [`${line}\n${line}`, /is not one OpenSSH line: it has 2 lines/],
    ["", /is not one OpenSSH line: it has 0 lines/],
    ["hello world", /is not an OpenSSH public key line/],
    [`${type}`, /is not an OpenSSH public key line/],
    [`${type} ${base64.slice(0, -5)}`, /it is not base64/],
    [`${type} ${base64.slice(0, -8)}`, /is damaged: it ends too early/],
    [`${type} ${base64.replace("AAAAE2Vj", "AAAAE2Vk")}`, /its type and its contents differ/],
    [`ecdsa-sha2-nistp256 ${base64}`, /its type and its contents differ/],
    [session().client.pkcs8_private, /is a private key/],
    ["-----BEGIN PUBLIC KEY-----\n%%%\n-----END PUBLIC KEY-----\n", /is not base64 in its PEM/],
    [
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
      /is not an uncompressed point of P-256, P-384 or P-521/,
    ],
  ];
  for (const [text, sentence] of cases) {
    const { message, code } = await refusal(text);
    assert.match(message, sentence);
    assert.ok(message.includes(HERE), message);
    assert.equal(code, "invalid-argument");
  }
});

Deno.test("a point that is not on the curve is refused, although WebCrypto would accept it", async () => {
  const { publicKey } = await PrivateKey.generate("P-384");
  const facts = curveFacts("P-384");
  const point = pointOf(publicKey);
  point[point.length - 1]! ^= 1;
  const line = `ecdsa-sha2-nistp384 ${sshBlob(facts, point).toBase64()}`;
  assert.match((await refusal(line)).message, /its point is not on the curve P-384/);
});

Deno.test("damaged keys are refused with FlwrError or read as the same key, never anything else", async () => {
  const { openssh_public, spki_public } = session().client;
  const texts = fc.constantFrom(openssh_public, spki_public);
  const damaged = fc.tuple(texts, fc.nat(), fc.integer({ min: 0, max: 7 }), fc.boolean()).map(
    ([text, position, bit, cut]) => {
      const at = position % text.length;
      const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
      return cut ? text.slice(0, at) : text.slice(0, at) + flipped + text.slice(at + 1);
    },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(damaged, fc.string(), fc.string({ unit: anyCharacter })),
      async (text) => {
        try {
          assert.equal((await parsePublicKey(text, HERE)).openssh, openssh_public);
        } catch (error) {
          assert.ok(error instanceof FlwrError && error.code === "invalid-argument", String(error));
        }
      },
    ),
    { numRuns: 800 },
  );
});

Deno.test({
  name: "public keys of ssh-keygen are read, with the fingerprint that ssh-keygen prints",
  ignore: !installed("ssh-keygen"),
  fn: () =>
    inTemporaryFolder(async (folder) => {
      for (const bits of [256, 384, 521]) {
        const file = `${folder}/key${bits}`;
        const args = ["-q", "-t", "ecdsa", "-b", `${bits}`, "-N", "", "-C", "a b", "-f", file];
        await runTool("ssh-keygen", ...args);
        const line = await Deno.readTextFile(`${file}.pub`);
        const key = await parseOpenSshPublicKey(line, HERE);
        assert.equal(key.curve, `P-${bits}`);
        assert.equal(`${key.openssh} a b\n`, line);
        const listing = await runTool("ssh-keygen", "-l", "-f", `${file}.pub`);
        assert.equal(listing.split(" ")[1], key.fingerprint);
        const pem = await runTool("ssh-keygen", "-e", "-m", "PKCS8", "-f", `${file}.pub`);
        assert.equal(pem, key.pem);
      }
    }),
});
