import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonText } from "./json_text.ts";

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
    { numRuns: 2_000 },
  );
});

Deno.test("JsonText reads members and elements, and replaces spans without touching the rest", () => {
  const json = new JsonText(' {"a" : [1E0, -0 ,{"b":"]"}],"c\\u0041":"x"} ');
  const members = json.members(json.root);
  assert.deepEqual([...members.keys()], ["a", "cA"]);
  const elements = json.elements(members.get("a")!);
  assert.deepEqual(elements.map((span) => json.slice(span)), ["1E0", "-0", '{"b":"]"}']);
  const edited = json.edited([
    { ...members.get("cA")!, text: "7" },
    { ...elements[1]!, text: "[]" },
  ]);
  assert.equal(edited, ' {"a" : [1E0, [] ,{"b":"]"}],"c\\u0041":7} ');
  assert.throws(() => json.members(members.get("a")!), /expected an object/);
  assert.throws(() => json.elements(json.root), /expected an array/);
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
