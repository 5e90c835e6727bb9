import assert from "node:assert/strict";
import { decryptFernet, encryptFernet } from "./fernet.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const KEY = ascii("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=");
/** generate.json and verify.json of the Fernet specification. */
const TOKEN =
  "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

Deno.test("fernet: the specification's token, in both directions", async () => {
  const iv = Uint8Array.from({ length: 16 }, (_, i) => i);
  const token = await encryptFernet(KEY, ascii("hello"), { iv, time: 499_162_800 });
  assert.equal(new TextDecoder().decode(token), TOKEN);
  assert.deepEqual(await decryptFernet(KEY, ascii(TOKEN)), ascii("hello"));
});

Deno.test("fernet: a changed token, another key and other texts are refused", async () => {
  const refused = { code: "invalid-argument" };
  for (const at of [0, 5, 20, 50, 80]) {
    const changed = ascii(TOKEN);
    changed[at] = changed[at] === 0x41 ? 0x42 : 0x41;
    await assert.rejects(decryptFernet(KEY, changed), refused);
  }
  const other = ascii("AAAA" + new TextDecoder().decode(KEY).slice(4));
  await assert.rejects(decryptFernet(other, ascii(TOKEN)), refused);
  for (const text of ["", "gAAAAA==", TOKEN.slice(0, -4), "ü".repeat(100)]) {
    await assert.rejects(decryptFernet(KEY, ascii(text)), refused);
  }
  await assert.rejects(encryptFernet(ascii("short"), ascii("hello")), refused);
});
