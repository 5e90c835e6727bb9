/** No file keeps state of its own from one caller to the next: what changes lies in an object that somebody made. */
import assert from "node:assert/strict";
import { OUTSIDE } from "./rooms.ts";
import { codeOf, sourceFiles } from "./source_files.ts";

/** What a whole process has once, so that a second caller cannot want another. */
const OF_THE_PROCESS: Readonly<Record<string, string>> = {
  "app/strategy/arrays/simd.ts": "compiled loops, which are constants",
  "auth/system_openssl.ts": "the open library of the system",
  "base/colour_choice.ts": "its command line: --no-color",
  "rpc/http/serve_connection.ts": "its console, on which Deno warns once",
};

/** Variables at the top of a file, and collections and lists there that begin empty, so that they must change. */
function stateOf(text: string): string[] {
  const state =
    /^(?:export )?(?:let|var) \w+|^(?:export )?const \w+[^=\n]*= (?:new (?:Map|Set|Array)(?:<.*>)?\(\)|\[\]);/gm;
  // An empty list that nobody may change is a constant.
  return (codeOf(text).match(state) ?? []).filter((line) => !/: [Rr]eadonly/.test(line));
}

Deno.test("architecture: files have no state at their top but what a process has once", () => {
  const found = sourceFiles()
    .filter(({ path }) => !OUTSIDE.includes(path.split("/")[0]!))
    .filter(({ path }) => !path.includes("proto/gen/"))
    .filter(({ text }) => stateOf(text).length > 0)
    .map(({ path }) => path);
  assert.deepEqual(found, Object.keys(OF_THE_PROCESS));
});

Deno.test("architecture: state at the top of a file is found", () => {
  assert.deepEqual(
    stateOf(
      "let a = 1;\nexport let b: string;\nconst c = new Map<string, () => void>();\nconst d: string[] = [];\n" +
        "const fixed = new Set([1]);\nconst known = new WeakMap<object, string>();\n" +
        "function f() {\n  let inner = 1;\n  const list = [];\n}\n// let e;\n",
    ).map((line) => /let \w+|const \w+/.exec(line)![0]),
    ["let a", "let b", "const c", "const d"],
  );
});
