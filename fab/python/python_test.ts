import assert from "node:assert/strict";
import vectors from "../../tests/vectors/fab/versions.json" with { type: "json" };
import { parseRequirement, parseSpecifiers, satisfies } from "./requirement.ts";
import { comparePythonVersions, parsePythonVersion } from "./version.ts";

Deno.test("versions are read and ordered as Python's packaging does", () => {
  for (const text of vectors.invalid) assert.equal(parsePythonVersion(text), undefined, text);
  for (const [a, b, order] of vectors.order as [string, string, number][]) {
    const compared = comparePythonVersions(parsePythonVersion(a)!, parsePythonVersion(b)!);
    assert.equal(Math.sign(compared), order, `"${a}" against "${b}"`);
  }
});

Deno.test("conditions hold for the versions that Python's packaging finds in them", () => {
  const texts = [...new Set(vectors.order.flatMap(([a, b]) => [String(a), String(b)]))];
  for (const [condition, contained] of vectors.contained as [string, string[] | null][]) {
    const specifiers = parseSpecifiers(condition);
    const found = specifiers &&
      texts.filter((text) => satisfies(parsePythonVersion(text)!, text, specifiers));
    assert.deepEqual(found?.toSorted(), contained?.toSorted(), condition);
  }
});

Deno.test("dependencies are read as Python's packaging reads them", () => {
  for (const [text, name] of vectors.requirements as [string, string | null][]) {
    assert.equal(parseRequirement(text)?.name ?? null, name, text);
  }
});
