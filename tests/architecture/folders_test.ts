/** Folders import each other one way, and what is read together stands in one file. */
import assert from "node:assert/strict";
import { dirname } from "node:path/posix";
import { OUTSIDE } from "./rooms.ts";
import { type SourceFile, sourceFiles } from "./source_files.ts";

const everything = sourceFiles();
const sources = everything.filter(({ path }) => !OUTSIDE.includes(path.split("/")[0]!));

/** The folder of a file; one in the repository's root is a node of its own. */
function folderOf(path: string): string {
  return dirname(path) === "." ? path : dirname(path);
}

/** Imports between folders that lead, by further imports, back to where they come from. */
function importsInCircles(files: readonly Pick<SourceFile, "path" | "files">[]): string[] {
  const edges = files.flatMap(({ path, files }) =>
    files.map((file) => ({ path, file, from: folderOf(path), to: folderOf(file) }))
  ).filter(({ from, to }) => from !== to);
  const next = Map.groupBy(edges, ({ from }) => from);
  const reach = (folder: string, seen = new Set<string>()): Set<string> => {
    for (const { to } of next.get(folder) ?? []) if (!seen.has(to)) reach(to, seen.add(to));
    return seen;
  };
  const reached = new Map([...next.keys()].map((folder) => [folder, reach(folder)]));
  return edges.filter(({ from, to }) => reached.get(to)?.has(from))
    .map(({ path, file }) => `${path} imports ${file}`);
}

Deno.test("architecture: folders import each other in no circle", () => {
  assert.deepEqual(importsInCircles(sources), []);
});

Deno.test("architecture: a circle of folders is found, and its imports alone", () => {
  const circle = [
    { path: "a/one.ts", files: ["a/two.ts", "b/three.ts"] },
    { path: "b/three.ts", files: ["c/four.ts", "d/five.ts"] },
    { path: "c/four.ts", files: ["a/two.ts"] },
    { path: "mod.ts", files: ["a/one.ts"] },
    { path: "d/five.ts", files: ["main.ts"] },
  ];
  assert.deepEqual(importsInCircles(circle), [
    "a/one.ts imports b/three.ts",
    "b/three.ts imports c/four.ts",
    "c/four.ts imports a/two.ts",
  ]);
});

/** Lines from which a file may stand alone although one other imports it. */
const SMALL_LINES = 25;

const FOR_TESTS = "for tests alone, so that its name says so where it is imported";
const STARTS_ALONE = "a worker or a process starts with it";
const LOADED_LATE = "loaded by its address, and only when it is needed";
const ONE_NOUN = "the interface of one noun of the domain, as each has a file";
const ONE_OPTIMISATION = "one optimisation, which ml/lower/passes.ts lists";
const ONE_TABLE = "one table of a store, as each has a file";
const ONE_WIRE_FACT = "one fact of a wire";

/** Files that are generated, or are whole apps for people to read. */
const APART = /^(proto\/gen|roles\/dashboard\/gen|examples)\//;

/** Small files that one other imports, and why they stand alone. */
const ALONE: Readonly<Record<string, string>> = {
  "hosting/app/app_worker.ts": STARTS_ALONE,
  "hosting/sandbox/process/main.ts": STARTS_ALONE,
  "hosting/sandbox/process/simulated_app_worker.ts": STARTS_ALONE,
  "link/artifacts/artifacts.ts": ONE_NOUN,
  "link/store/backup/backup.ts": LOADED_LATE,
  "link/store/memory_settings.ts": ONE_TABLE,
  "link/store/memory_signers.ts": ONE_TABLE,
  "ml/lower/fold_max.ts": ONE_OPTIMISATION,
  "ml/lower/leading_sums.ts": ONE_OPTIMISATION,
  "ml/lower/relu_mask.ts": ONE_OPTIMISATION,
  "ml/lower/shared_pool_indices.ts": ONE_OPTIMISATION,
  "privacy/noise/for_tests.ts": FOR_TESTS,
  "roles/cli/hosted.ts": LOADED_LATE,
  "roles/cli/nodes/subcommands.ts": LOADED_LATE,
  "roles/output/tensorboard/crc32c.ts": ONE_WIRE_FACT,
  "roles/sandbox.ts": LOADED_LATE,
  "roles/supernode/connection/http_dialect.ts": LOADED_LATE,
  "rpc/dialects/current/client/exec_channel.ts": ONE_WIRE_FACT,
  "rpc/http/browser_request.ts": ONE_WIRE_FACT,
};

Deno.test("architecture: a small file has two users, or a reason to stand alone", () => {
  const users = Map.groupBy(
    everything.filter(({ path }) => !path.startsWith("tests/"))
      .flatMap(({ path, files }) => [...new Set(files)].map((file) => ({ path, file }))),
    ({ file }) => file,
  );
  const offences = sources
    .filter(({ path }) => !APART.test(path))
    .filter(({ text }) => text.trimEnd().split("\n").length < SMALL_LINES)
    .filter(({ path }) => users.get(path)?.length === 1 && ALONE[path] === undefined)
    .map(({ path }) => `${path}, which ${users.get(path)![0]!.path} alone imports`);
  assert.deepEqual(offences, []);
});

Deno.test("architecture: every file that may stand alone is there", () => {
  const paths = new Set(sources.map(({ path }) => path));
  assert.deepEqual(Object.keys(ALONE).filter((path) => !paths.has(path)), []);
});
