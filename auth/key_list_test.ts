import assert from "node:assert/strict";
import { FlwrError } from "../base/error.ts";
import { extendKeyList, KeyList, parseKeyList, readKeyList } from "./key_list.ts";
import { KEY_FOLDER, keyFacts, session } from "./testing/vectors.ts";

const FILE = { file: "list.csv", flag: "--auth-list-public-keys" };
const A = session().client.openssh_public;
const B = session().other.openssh_public;
const C = session().server.openssh_public;

function openssh(list: KeyList): string[] {
  return list.keys().map((key) => key.openssh);
}

Deno.test("the recorded list contains its three clients and not its server", async () => {
  const list = await readKeyList({ file: `${KEY_FOLDER}client_public_keys.csv` });
  assert.equal(list.size, 3);
  for (const [name, { spki_pem }] of Object.entries(keyFacts())) {
    const spki = Uint8Array.fromBase64(spki_pem.replaceAll(/-----[A-Z ]+-----/g, ""));
    assert.equal(list.has(spki), name !== "server_credentials", name);
    assert.equal(list.findByPem(spki_pem)?.pem, list.has(spki) ? spki_pem : undefined);
  }
});

Deno.test("a key is found only by its exact PEM text", async () => {
  const list = await parseKeyList(A, FILE);
  const pem = session().client.spki_public;
  assert.ok(list.findByPem(pem));
  const others = [pem.trim(), pem.replaceAll("\n", "\r\n"), ` ${pem}`];
  assert.deepEqual(others.map((text) => list.findByPem(text)), [undefined, undefined, undefined]);
});

Deno.test("rows, empty lines, quotes, comments, trailing spaces, CRLF and duplicates are accepted", async () => {
  const texts = [
    `${A},${B}\n`,
    `${A}\n${B}`,
    `\n\n"${A}"\r\n\r\n${B} \r\n`,
    `${A} me@host,${B}   ,${A}\n`,
    `\ufeff${A},"${B} said ""hello, you"""`,
  ];
  for (const text of texts) assert.deepEqual(openssh(await parseKeyList(text, FILE)), [A, B], text);
});

Deno.test("an empty list has no keys", async () => {
  for (const text of ["", "\n", "\r\n\r\n"]) assert.equal((await parseKeyList(text, FILE)).size, 0);
});

Deno.test("errors name file, flag, line and cell of the first bad cell", async () => {
  const cases: [string, string, RegExp][] = [
    [`${A},${B},`, "cell 3 of line 1", /the cell is empty/],
    [`${A}\n\n${B}, ${C}\n`, "cell 2 of line 3", /starts with a space/],
    [`${A},ssh-rsa AAAA,garbage\n`, "cell 2 of line 1", /is of type "ssh-rsa"/],
    [`${A}\n \n`, "cell 1 of line 2", /the cell is empty/],
    [`${A},${B.slice(0, -4)}`, "cell 2 of line 1", /is damaged/],
    [`${A}\n"${B}\n`, "line 2", /has an unpaired quote/],
  ];
  for (const [text, place, sentence] of cases) {
    const error = await parseKeyList(text, FILE).catch((error) => error);
    assert.ok(error instanceof FlwrError, text);
    assert.match(error.message, sentence);
    for (const part of [place, `"list.csv" (--auth-list-public-keys)`]) {
      assert.ok(error.message.includes(part), error.message);
    }
  }
});

Deno.test("a list returns the keys that another one lacks", async () => {
  const [old, next] = [
    await parseKeyList(`${A},${B}`, FILE),
    await parseKeyList(`${B},${C}`, FILE),
  ];
  assert.deepEqual(next.without(old).map((key) => key.openssh), [C]);
  assert.deepEqual(old.without(next).map((key) => key.openssh), [A]);
  assert.deepEqual(new KeyList().without(old), []);
});

Deno.test("a list is extended in its last row, and existing cells stay, quoted if necessary", async () => {
  assert.equal(extendKeyList("", [A, B], FILE), `${A},${B}\n`);
  assert.equal(extendKeyList(`${A},${B}\n`, [C], FILE), `${A},${B},${C}\n`);
  const text = `${A}\n"${B} in ""Rome, Italy"""\n`;
  const extended = extendKeyList(text, [C], FILE);
  assert.equal(extended, `${A}\n"${B} in ""Rome, Italy""",${C}\n`);
  assert.deepEqual(openssh(await parseKeyList(extended, FILE)), [A, B, C]);
});

Deno.test("the text after a key is its comment", async () => {
  const list = await parseKeyList(`${A} hospital b \t,${B}\n"${C}\tsays ""c"", really"`, FILE);
  assert.deepEqual(list.keys().map((key) => list.commentOf(key.spki)), [
    "hospital b",
    undefined,
    'says "c", really',
  ]);
  assert.equal(new KeyList().commentOf(list.keys()[0]!.spki), undefined);
});
