import assert from "node:assert/strict";
import { parseFlatYaml } from "./flat_yaml.ts";

const parse = (text: string) => [...parseFlatYaml(text, "File")];

Deno.test("one name and text per line, with quotes, comments and a document marker", () => {
  const text = [
    "---",
    "# who may vouch",
    "fpk_1: ssh-ed25519 AAAA+/== ann@host",
    `fpk_2:   'it''s'  # a comment`,
    String.raw`"fpk 3": "say \"x\""`,
    "",
  ].join("\n");
  assert.deepEqual(parse(text), [
    ["fpk_1", "ssh-ed25519 AAAA+/== ann@host"],
    ["fpk_2", "it's"],
    ["fpk 3", 'say "x"'],
  ]);
});

Deno.test("the same in braces", () => {
  assert.deepEqual(parse(`{ a: 'x y', "b": z }`), [["a", "x y"], ["b", "z"]]);
  assert.deepEqual(parse(`{\n  a: x,\n  b: y,\n}\n`), [["a", "x"], ["b", "y"]]);
  assert.deepEqual(parse("{}"), []);
  assert.deepEqual(parse("# nothing\n"), []);
});

Deno.test("anything else is refused with its line", () => {
  for (
    const text of [
      "- a\n",
      "ok: yes\nname",
      "a: b: c{",
      "a:\n  b: c",
      'a: "open',
      "a: [x]\nb: {y",
      "a: x\na: y",
    ]
  ) {
    assert.throws(() => parse(text), { code: "invalid-argument", message: /^File, line \d+: / });
  }
});
