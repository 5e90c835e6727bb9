import assert from "node:assert/strict";
import { parseSelection } from "./selection.ts";

const KNOWN = ["job", "roles"];

Deno.test("parseSelection: names, then options for all of them", () => {
  assert.deepEqual(parseSelection(["roles", "--repeat", "2"], KNOWN), {
    names: ["roles"],
    args: ["--repeat", "2"],
  });
  assert.deepEqual(parseSelection([], KNOWN), { names: KNOWN, args: [] });
});

Deno.test("parseSelection: words after one name are its own", () => {
  assert.deepEqual(parseSelection(["job", "fast", "--repeat", "2"], KNOWN), {
    names: ["job"],
    args: ["fast", "--repeat", "2"],
  });
  assert.throws(() => parseSelection(["job", "roles", "fast"], KNOWN), /no benchmark "fast"/);
});

Deno.test("parseSelection: what is no benchmark is refused", () => {
  assert.throws(() => parseSelection(["jobs"], KNOWN), /There is no benchmark "jobs"/);
  assert.throws(() => parseSelection(["--repeat", "2"], KNOWN), /need the name .*: got "--repeat"/);
});
