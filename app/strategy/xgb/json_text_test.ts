import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonText } from "./json_text.ts";
import { NIGHTLY } from "../../../tests/support/nightly.ts";

Deno.test("JsonText accepts what JSON.parse accepts, and refuses what it refuses", () => {
  const texts = fc.oneof(
    fc.json(),
    fc.json().map((text) => text.replaceAll(",", " ,\n\t").replaceAll(":", " : ")),
    fc.tuple(fc.json(), fc.nat(), fc.constantFrom('"', "{", "]", ",", "\\", "0", "-", "\u0001", ""))
      .map(
        ([text, at, odd]) =>
          text.slice(0, at % (text.length + 1)) + odd + text.slice(at % (text.length + 1) + 1),
      ),
  );
  const accepts = (read: () => unknown) => {
    try {
      read();
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(accepts(() => new JsonText(text)), accepts(() => JSON.parse(text)), text);
    }),
    { numRuns: NIGHTLY ? 2_000 : 500 },
  );
});

Deno.test("JsonText reads members and elements, and replaces spans without touching the rest", () => {
  const json = new JsonText(' {"a" : [1E0, -0 ,{"b":"]"}],"c\\u0041":"x"} ');
  const members = json.members(json.root);
  assert.deepEqual([...members.keys()], ["a", "cA"]);
  const elements = json.elements(members.get("a")!, { most: 3, name: "a" });
  assert.deepEqual(elements.map((span) => json.slice(span)), ["1E0", "-0", '{"b":"]"}']);
  const edited = json.edited([
    { ...members.get("cA")!, text: "7" },
    { ...elements[1]!, text: "[]" },
  ]);
  assert.equal(edited, ' {"a" : [1E0, [] ,{"b":"]"}],"c\\u0041":7} ');
  assert.throws(() => json.members(members.get("a")!), /expected an object/);
  assert.throws(() => json.elements(json.root, { most: 9, name: "a" }), /expected an array/);
});

Deno.test("JsonText bounds nesting, takes long strings, and refuses a repeated name", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  new JsonText(nested(60));
  assert.throws(() => new JsonText(nested(100)), /nested more than 64/);
  assert.throws(() => new JsonText("[".repeat(1e6)), /nested more than 64/);
  new JsonText(`"${"\\n".repeat(5e6)}"`);
  const repeated = new JsonText('{"a":1,"a":2}');
  assert.throws(() => repeated.members(repeated.root), /repeats the name "a"/);
});

Deno.test("JsonText stops at the limit of an array, before it reads what follows", () => {
  const limit = { most: 5, name: "tree_info" };
  const many = new JsonText(`[${"0,".repeat(2e6)}0]`);
  for (
    const read of [
      () => many.elements(many.root, limit),
      () => many.numbers(many.root, "integer", limit),
    ]
  ) {
    assert.throws(read, { code: "invalid-argument", message: /5 elements in tree_info/ });
  }
  const object = new JsonText(`{${Array.from({ length: 1_001 }, (_, i) => `"${i}":0`).join()}}`);
  assert.throws(() => object.members(object.root), { code: "invalid-argument" });
  const exact = new JsonText("[1,-2]");
  assert.deepEqual(exact.numbers(exact.root, "integer", { most: 2, name: "a" }), [1, -2]);
});

Deno.test("JsonText tells integers from real numbers by their spelling", () => {
  const read = (text: string, spelling: "integer" | "real") => {
    const json = new JsonText(text);
    return json.numbers(json.root, spelling, { most: 9, name: "a" });
  };
  assert.deepEqual(read("[0, -7]", "integer"), [0, -7]);
  assert.deepEqual(read("[1.5,2E0,-3e-1]", "real"), [1.5, 2, -0.3]);
  for (const text of ["[1.0]", "[1e0]", '["1"]', "[true]", "[[1]]"]) {
    assert.throws(() => read(text, "integer"), { code: "invalid-argument" }, text);
  }
  for (const text of ["[1]", "[null]", "[{}]"]) {
    assert.throws(() => read(text, "real"), { code: "invalid-argument" }, text);
  }
});
