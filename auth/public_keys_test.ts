import assert from "node:assert/strict";
import { PrivateKey } from "./private_key.ts";
import { PublicKeys } from "./public_keys.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const { publicKey } = await PrivateKey.generate("P-256");

Deno.test("a key is parsed once", async () => {
  const keys = new PublicKeys();
  const first = await keys.read(bytes(publicKey.pem));
  assert.equal(first?.fingerprint, publicKey.fingerprint);
  assert.equal(await keys.read(bytes(publicKey.pem)), first);
});

Deno.test("a text that differs from Python's PEM is not accepted", async () => {
  const keys = new PublicKeys();
  const damaged = publicKey.spki.slice();
  damaged[damaged.length - 1]! ^= 1;
  for (
    const text of [
      "",
      "x",
      publicKey.pem.trim(),
      publicKey.pem.replaceAll("\n", "\r\n"),
      `${publicKey.pem}\n`,
      publicKey.openssh,
      publicKey.pem.replace(/\n[^-]+\n/, `\n${damaged.toBase64()}\n`),
      publicKey.pem.replaceAll("PUBLIC", "PRIVATE"),
      `${publicKey.pem}${"x".repeat(600)}`,
    ]
  ) {
    assert.equal(await keys.read(bytes(text)), undefined, text);
  }
  assert.equal(keys.size, 0);
});

Deno.test("the least recently used key is removed", async () => {
  const keys = new PublicKeys(2);
  const pems = await Promise.all(
    [1, 2, 3].map(async () => bytes((await PrivateKey.generate("P-256")).publicKey.pem)),
  );
  const [one, two, three] = [pems[0]!, pems[1]!, pems[2]!];
  const kept = await keys.read(one);
  await keys.read(two);
  assert.equal(await keys.read(one), kept);
  await keys.read(three);
  assert.equal(keys.size, 2);
  assert.equal(await keys.read(one), kept);
});
