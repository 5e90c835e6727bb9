import assert from "node:assert/strict";
import vectors from "../../tests/vectors/fab/patterns.json" with { type: "json" };
import { compilePatterns } from "./pattern.ts";

Deno.test("patterns match what Python's pathspec matches", () => {
  const { paths, cases } = vectors;
  assert.ok(cases.length > 60);
  for (const { patterns, matched } of cases) {
    if (matched === null) {
      assert.throws(() => compilePatterns(patterns), { code: "invalid-argument" }, `${patterns}`);
    } else {
      assert.deepEqual(paths.filter(compilePatterns(patterns)), matched, JSON.stringify(patterns));
    }
  }
});
