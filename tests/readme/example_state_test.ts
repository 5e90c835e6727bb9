/** Templates and examples are what users copy: they keep nothing in variables of their modules. */
import assert from "node:assert/strict";
import { sourceFiles } from "../architecture/source_files.ts";

/** A variable at the top of a module, with what it begins as. */
const VARIABLE = /^(?:export )?(let|var|const) (\w+)(?:: [^=]+)? = (.*)$/gm;
/** What does not change, or is kept for each run: numbers, names, the app itself, and functions. */
const CONSTANT = /^(?:-?\d|"|\[|perRun\(|new (?:Client|Server)App\(|\(.*=>|Math\.)/;

Deno.test("templates and examples keep no state in their modules", () => {
  const files = sourceFiles().filter(({ path }) =>
    /^(examples|roles\/cli\/apps\/new\/templates)\/.*\.ts$/.test(path) && !path.endsWith("_test.ts")
  );
  assert.ok(files.length >= 12, `${files.length} files`);
  for (const { path, text: source } of files) {
    // TypeScript keeps objects as they are with "as const".
    const text = source.replace(/= \{[^;]*\} as const;/g, "= [];");
    assert.doesNotMatch(text, /^(let|var) /m, path);
    for (const [line, , , value] of text.matchAll(VARIABLE)) {
      assert.match(value!, CONSTANT, `${path}: ${line}`);
    }
  }
});
