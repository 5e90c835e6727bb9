import assert from "node:assert/strict";
import { printable, printableJson, printableLines } from "./printable.ts";
import { HOSTILE_TEXT, UNSEEN_CHARACTERS, unseenIn } from "./testing/unseen.ts";

Deno.test("control characters of both sets become escapes, other characters stay", () => {
  assert.equal(printable("a\nb\r\t\u001b[2J\u007f\u009b"), "a\\nb\\r\\t\\u001b[2J\\u007f\\u009b");
  assert.equal(printable('ü 漢 "quoted" \\ \u00a0'), 'ü 漢 "quoted" \\ \u00a0');
  assert.equal(printable("❤️ \u05e9\u05dc\u05d5\u05dd"), "❤️ \u05e9\u05dc\u05d5\u05dd");
});

for (const [kind, characters] of Object.entries(UNSEEN_CHARACTERS)) {
  Deno.test(`printable: ${kind}`, () => {
    for (const character of characters.split(/(?:)/u)) {
      const code = character.codePointAt(0)!.toString(16);
      const shown = printable(`a${character}b`);
      assert.match(shown, /^a\\(?:u[0-9a-f]{4}|u\{[0-9a-f]+\}|[nrt])b$/, code);
    }
    assert.deepEqual(unseenIn(printable(characters)), []);
  });
}

Deno.test("printable lines: line ends stay, and later lines do not look like separate ones", () => {
  assert.equal(printableLines("a\r\nb\rc\n\u202ed"), "a\n    b\\rc\n    \\u202ed");
  assert.deepEqual(unseenIn(printableLines(HOSTILE_TEXT), "\n"), []);
});

Deno.test("printable JSON means the same", () => {
  for (const value of [HOSTILE_TEXT, { [HOSTILE_TEXT]: [HOSTILE_TEXT] }, "plain"]) {
    const json = printableJson(JSON.stringify(value, undefined, 2));
    assert.deepEqual(JSON.parse(json), value);
    assert.deepEqual(unseenIn(json, "\n"), []);
  }
});
