/**
 * The rooms without an operating system ({@link PURE}) run in a browser: from their files one comes by imports to no
 * built-in module of Node and to nothing of Deno, but in `base/platform.ts`.
 */
import assert from "node:assert/strict";
import { PURE, roomOf } from "./rooms.ts";
import { codeOf, sourceFiles } from "./source_files.ts";

/** The one file that another platform replaces. */
const PLATFORM = "base/platform.ts";

/** Packages that need no operating system either: protobuf's encoding, TOML, and what makes values for tests. */
const PORTABLE = ["@bufbuild/protobuf", "fast-check", "smol-toml"];

const sources = new Map(sourceFiles().map((file) => [file.path, file]));

/** What ties code to an operating system: named, not typed. */
const TIES = /"node:[\w/]+"|\bDeno\.\w+|\bprocess\.\w+|\bBuffer\.\w+/g;

/** What ties a file to an operating system; types do not, for nothing is left of them. */
function tiesOf(text: string): string[] {
  return [...new Set(codeOf(text).match(TIES) ?? [])];
}

/** Files that other files need when they run, from the given ones on. */
function reachable(from: readonly string[]): string[] {
  const found = new Set(from);
  for (const path of found) {
    if (path === PLATFORM) continue;
    for (const file of sources.get(path)?.neededFiles ?? []) found.add(file);
  }
  return [...found];
}

const pure = [...sources.keys()].filter((path) => PURE.includes(roomOf(path) ?? ""));

Deno.test("architecture: only the platform's file leads from pure rooms to an operating system", () => {
  const offences = reachable(pure)
    .filter((path) => path !== PLATFORM)
    .flatMap((path) => tiesOf(sources.get(path)?.text ?? "").map((tie) => `${path}: ${tie}`));
  assert.deepEqual(offences, []);
});

Deno.test("architecture: pure rooms need no package that needs an operating system", () => {
  const packages = reachable(pure).flatMap((path) => sources.get(path)?.neededPackages ?? []);
  const offences = packages.filter((name) => !name.startsWith("node:") && !PORTABLE.includes(name));
  assert.deepEqual(offences, []);
});

Deno.test("architecture: the platform's file is reached, and ties are found", () => {
  assert.ok(reachable(pure).includes(PLATFORM));
  assert.deepEqual(tiesOf(sources.get(PLATFORM)!.text).sort(), [
    '"node:async_hooks"',
    '"node:crypto"',
    '"node:timers"',
    '"node:zlib"',
  ]);
  assert.deepEqual(tiesOf('import type { A } from "node:fs";\n/** Deno.args */\nDeno.exit(1);'), [
    "Deno.exit",
  ]);
});
