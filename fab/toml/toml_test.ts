import assert from "node:assert/strict";
import fc from "fast-check";
import vectors from "../../tests/vectors/fab/toml.json" with { type: "json" };
import { hideNumericKeys } from "./numeric_keys.ts";
import { MAX_MANIFEST_BYTES, parseToml } from "./parse.ts";
import type { TomlTable, TomlValue } from "./value.ts";
import { writeToml } from "./write.ts";
import { doubles } from "../../base/testing/doubles.ts";
import { anyCharacter } from "../../base/testing/texts.ts";

const parse = (text: string) => parseToml(new TextEncoder().encode(text), "app.toml");

Deno.test("toml: parsing equals Python's tomli and encoding equals tomli_w", () => {
  assert.ok(vectors.length > 100);
  for (const { source, written } of vectors) {
    assert.equal(writeToml(parse(source)), written, source);
  }
});

Deno.test("toml: parsing an encoded table gives the same table", () => {
  const key = fc.oneof(fc.string(), fc.nat().map(String), fc.constant("__proto__"));
  const { table } = fc.letrec<{ value: TomlValue; table: TomlTable }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      fc.string({ unit: anyCharacter }).map((text) => text.toWellFormed()),
      fc.boolean(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      doubles,
      fc.array(tie("value"), { maxLength: 4 }),
      tie("table"),
    ),
    table: fc.uniqueArray(fc.tuple(key, tie("value")), { selector: ([name]) => name, maxLength: 5 })
      .map((entries) => new Map(entries)),
  }));
  fc.assert(
    fc.property(table, (before) => {
      assert.deepEqual(parse(writeToml(before)), before);
    }),
    { seed: 20260103, numRuns: 200 },
  );
});

Deno.test("toml: numeric keys are marked in every position of a key, and nothing else is", () => {
  const source = [
    '1 = "2 = 3" # 4 = 5',
    "[6.a.'7'.\"8\"]",
    "x = [9, { 10 = [11, { 12 = 13 }], b = 14 }, 15]",
    'text = """\n16 = 17\n"18 = 19\\""""',
    "raw = '''\n20 = 21'''",
    "[[22]]",
    "01 = 23",
    "-1 = 1_0",
  ].join("\n");
  const { source: hidden, mark } = hideNumericKeys(source);
  const marked = [...hidden.matchAll(new RegExp(`"${mark}(\\d+)"`, "g"))].map((match) => match[1]);
  assert.deepEqual(marked, ["1", "6", "7", "8", "10", "12", "22"]);
  assert.equal(
    hidden.replaceAll(new RegExp(`"${mark}(\\d+)"`, "g"), "$1").replaceAll(mark, ""),
    source.replace("'7'.\"8\"", "7.8"),
  );
});

Deno.test("toml: a key that looks like a marked one is kept", () => {
  const keys = ["\uE0001", "1", "\uE001\uE000", "\uE0022"];
  const table = parse('"\uE0001" = 0\n1 = 0\n"\\uE001\\U0000e000" = 0\n"\\uE0022" = 0');
  assert.deepEqual([...table.keys()], keys);
  const all = Array.from({ length: 6400 }, (_, i) => String.fromCharCode(0xe000 + i)).join("");
  assert.throws(() => parse(`a = "${all}"`), { code: "invalid-argument" });
});

Deno.test("toml: large invalid sources and deep keys are refused quickly", () => {
  const half = MAX_MANIFEST_BYTES / 2;
  const repeat = (text: string) => text.repeat(Math.floor(half / text.length));
  for (
    const text of [
      '"""' + repeat('\n\\"""'),
      '"""' + repeat('x" \\"""'),
      repeat("'''\n"),
      "a" + repeat(".a") + " = 1",
      "[a" + repeat(".a") + "]",
      "a = " + repeat("["),
      "a = " + repeat("{a="),
      'a = "' + repeat("x"),
    ]
  ) {
    assert.throws(() => parse(text), { code: "invalid-argument" }, text.slice(0, 10));
  }
});

Deno.test("toml: an invalid file is refused with the line, and a file that is too large is refused", () => {
  assert.throws(() => parse("a = 1\nb = \n"), {
    code: "invalid-argument",
    message: /^"app\.toml" is not valid TOML, line 2: /,
  });
  assert.throws(() => parse("a = 1\na = 2"), { code: "invalid-argument" });
  assert.throws(() => parseToml(new Uint8Array([0x61, 0xff]), "x"), { message: /not UTF-8/ });
  assert.throws(() => parseToml(new Uint8Array(MAX_MANIFEST_BYTES + 1), "x"), {
    code: "resource-exhausted",
  });
  assert.throws(() => parse(`a = ${"[".repeat(100)}${"]".repeat(100)}`), {
    code: "invalid-argument",
  });
});

Deno.test("toml: any text is parsed or refused with a FlwrError", () => {
  const piece = fc.constantFrom(
    "a",
    "1",
    "=",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    '"',
    "'",
    "\n",
    "#",
    " ",
    "\\",
    "-",
    '"""',
    "'''",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        parse(pieces.join(""));
      } catch (error) {
        assert.equal((error as { code?: string }).code, "invalid-argument");
      }
    }),
    { seed: 20260104, numRuns: 1000 },
  );
});
