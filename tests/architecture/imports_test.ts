/** The code keeps to the tables of rooms.ts, and docs/architecture.md shows these tables. */
import assert from "node:assert/strict";
import { repositoryPath } from "../support/repository.ts";
import { allows, OUTSIDE, PACKAGES, roomOf, ROOMS } from "./rooms.ts";
import { sourceFiles, specifiers } from "./source_files.ts";

const sources = sourceFiles().filter(({ path }) => !OUTSIDE.includes(path.split("/")[0]!));

Deno.test("architecture: every file is in a room, and every room has files", () => {
  const rooms = new Set(sources.map(({ path }) => roomOf(path) ?? path));
  assert.deepEqual([...rooms].sort(), Object.keys(ROOMS).sort());
});

Deno.test("architecture: a room imports only the rooms that its row allows", () => {
  const offences = sources.flatMap(({ path, files }) => {
    const room = roomOf(path)!;
    return files
      .map((file) => ({ file, target: roomOf(file) ?? file }))
      .filter(({ target }) =>
        target !== room && !ROOMS[room]!.some((entry) => allows(entry, target))
      )
      .map(({ file }) => `${path} imports ${file}`);
  });
  assert.deepEqual(offences, []);
});

Deno.test("architecture: packages that tie to the outside stay in their rooms", () => {
  const offences = sources.flatMap(({ path, packages }) =>
    packages
      .filter((name) => PACKAGES[name]?.includes(roomOf(path)!) === false)
      .map((name) => `${path} imports ${name}`)
  );
  assert.deepEqual(offences, []);
});

Deno.test("architecture: the document shows the tables of rooms and packages", async () => {
  const document = await Deno.readTextFile(repositoryPath("docs/architecture.md"));
  assert.deepEqual(tableOf(document, "room", Object.keys(ROOMS)), ROOMS);
  assert.deepEqual(tableOf(document, "package", Object.keys(PACKAGES)), PACKAGES);
});

Deno.test("architecture: the document says why each dependency", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(repositoryPath("deno.json")));
  const document = await Deno.readTextFile(repositoryPath("docs/architecture.md"));
  const [, table = ""] = document.split(/^\| dependency +\|.*\n/m);
  const rows = table.split("\n\n")[0]!.split("\n").map((line) => line.split("|")[1] ?? "");
  const explained = rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((m) => m[1]!));
  assert.deepEqual(
    explained.sort(),
    Object.keys(imports).filter((name) => !name.startsWith("flwr")).sort(),
  );
});

/** Rooms whose limits are read together: those of a connection that floods, and those of the domain, which are options. */
const LIMITS_OF_A_ROOM = ["link/limits.ts", "rpc/http2/limits.ts"];

Deno.test("architecture: a limit that one file needs stands in that file", () => {
  const offences = sources
    .filter(({ path }) => path.endsWith("/limits.ts") && !LIMITS_OF_A_ROOM.includes(path))
    .flatMap((limits) => {
      const users = sources.filter(({ files }) => files.includes(limits.path));
      // Those without a blank line between them are explained, and so read, together.
      return limits.text.split("\n\n")
        .map((block) => [...block.matchAll(/^export (?:const|function) (\w+)/gm)].map((m) => m[1]!))
        .filter((names) => names.length > 0)
        .filter((names) =>
          users.filter(({ text }) => names.some((name) => text.includes(name))).length < 2
        )
        .map((names) => `${names.join(", ")} of ${limits.path}`);
    });
  assert.deepEqual(offences, []);
});

/** The entries that one with alternatives in braces stands for. */
function alternatives(entry: string): string[] {
  const [, before, names, after] = /^(.*)\{(.+)\}(.*)$/.exec(entry) ?? [];
  return names?.split(",").map((name) => `${before}${name}${after}`) ?? [entry];
}

Deno.test("architecture: rooms import each other in no circle", () => {
  /** What a room imports, and what that imports, and so on. */
  const reach = (room: string, seen = new Set<string>()): Set<string> => {
    for (const next of ROOMS[room]!.flatMap(alternatives)) {
      if (next in ROOMS && !seen.has(next)) reach(next, seen.add(next));
    }
    return seen;
  };
  assert.deepEqual(Object.keys(ROOMS).filter((room) => reach(room).has(room)), []);
});

/** Most rooms that one imports. */
const MAX_ENTRIES = 9;

/** Rooms that put whole programs together: what apps import, the table of commands, and the roles that start programs. */
const STARTS = [
  "mod.ts",
  "roles",
  "roles/superexec",
  "roles/superlink",
  "roles/supernode",
];

Deno.test("architecture: a room imports at most nine others, but where programs are put together", () => {
  const many = Object.entries(ROOMS)
    .map(([room, row]) => ({ room, entries: row.flatMap(alternatives).length }))
    .filter(({ entries }) => entries > MAX_ENTRIES)
    .map(({ room }) => room);
  assert.deepEqual(many.sort(), STARTS);
});

Deno.test("architecture: imports are found in all their forms, and not in comments", () => {
  const text = [
    'import "a";',
    'import { b } from "b/c";',
    'export { d } from "./d.ts";',
    'const e = await import("e");',
    'new Worker(new URL("./f.ts", import.meta.url));',
    '/** `import { g } from "g"` */',
    '// import "h";',
  ].join("\n");
  assert.deepEqual(specifiers(text), ["a", "b/c", "./d.ts", "e", "./f.ts"]);
});

/** The rows of the document's table with the given head whose first cell is one of `names`: names in backticks. */
function tableOf(
  document: string,
  head: string,
  names: readonly string[],
): Record<string, string[]> {
  const lines = document.split("\n");
  const start = lines.findIndex((line) => new RegExp(`^\\| ${head} +\\|`).test(line));
  assert.ok(start >= 0, `docs/architecture.md has a table of each ${head}`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  const rows = lines.slice(start + 2, end).map((line) => {
    const cells = line.split("|").slice(1, -1);
    const quoted = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
    return [quoted(cells[0])[0] ?? "", quoted(cells.at(-1)).sort()] as const;
  });
  assert.deepEqual(rows.map(([name]) => name).sort(), [...names].sort());
  return Object.fromEntries(rows);
}
