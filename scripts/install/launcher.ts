import { join } from "node:path";
import { RECOMMENDED_DENO } from "../../rpc/deno_version.ts";
import { BUILT_CONFIG } from "../build/builds_folder.ts";
import { BUILT_ENTRY } from "../build/place.ts";
import { ENTRY, LIBRARY, ROOMS } from "../compile/entry_points.ts";

/** A command name, and the arguments of `flwr` that it stands for. */
export interface Launcher {
  readonly name: string;
  readonly words: readonly string[];
}

/** The location of the launchers' program, and the system. */
export interface LauncherTarget {
  /** The Deno executable that ran the installation. */
  readonly deno: string;
  /** The project's folder. */
  readonly project: string;
  /** The folder of its build. Without one, the launchers run the sources. */
  readonly build?: string;
  readonly os: typeof Deno.build.os;
}

/** The installed names. The `flower-…` ones are those of Flower's own commands. */
export const LAUNCHERS: readonly Launcher[] = [
  { name: "flwr", words: [] },
  { name: "flower-superlink", words: ["superlink"] },
  { name: "flower-supernode", words: ["supernode"] },
  { name: "flower-client-app", words: ["supernode"] },
  { name: "flower-server-app", words: ["run"] },
];

/**
 * Size in MiB that a command's heap may reach before its first garbage collection: `flwr ls` needs 6, a SuperLink 7.
 */
const START_HEAP_MEBIBYTES = 8;

/** The Deno to download if the one that installed the launchers no longer exists (npx keeps it in a cache). */
const FALLBACK = `npx -y deno@${RECOMMENDED_DENO}`;

/** The file that makes a command available by its name: a shell script, or a batch file on Windows. */
export function launcherFile(
  { name, words }: Launcher,
  target: LauncherTarget,
): { file: string; text: string } {
  return target.os === "windows"
    ? { file: `${name}.cmd`, text: batchFile(words, target) }
    : { file: name, text: shellScript(words, target) };
}

function batchFile(words: readonly string[], { deno, project }: LauncherTarget): string {
  const [config, main] = [join(project, "deno.json"), join(project, ENTRY)];
  const args = [deno, "run", "-A", "--quiet", "--config", config, main, ...words];
  const [program, ...rest] = args.map(quoteBatch);
  return [
    "@echo off",
    "setlocal",
    "set DENO_NO_UPDATE_CHECK=1",
    `if exist ${program} (${program} ${rest.join(" ")} %*) else (`,
    `  ${FALLBACK} ${rest.join(" ")} %*)`,
    "",
  ].join("\r\n");
}

/**
 * A script that runs the build if it is up to date with the sources, and otherwise the sources. For the sources, Deno
 * checks the packages only if the lock file has changed since its last check, because that takes 0.1 s and more at each
 * start.
 */
function shellScript(words: readonly string[], { deno, project, build }: LauncherTarget): string {
  const packages = quoteShell(join(project, "node_modules", ".deno", ".setup-cache.bin"));
  const lock = quoteShell(join(project, "deno.lock"));
  const program = quoteShell(deno);
  const rest = [...words.map(quoteShell), '"$@"'].join(" ");
  return [
    "#!/bin/sh",
    // Otherwise Deno checks the network for newer versions of itself.
    "export DENO_NO_UPDATE_CHECK=1",
    `config=${quoteShell(join(project, "deno.json"))}`,
    `main=${quoteShell(join(project, ENTRY))}`,
    "packages=auto",
    `if [ ${packages} -nt ${lock} ]; then packages=manual; fi`,
    ...(build === undefined ? [] : buildLines(project, build, packages)),
    ...heapLines(words),
    `set -- run -A --quiet $heap --node-modules-dir=$packages --config "$config" "$main" ${rest}`,
    `if [ -x ${program} ]; then exec ${program} "$@"; fi`,
    `exec ${FALLBACK} "$@"`,
    "",
  ].join("\n");
}

/**
 * Lines that select the build unless a source is newer: a changed file, or a folder in which a file was added or
 * removed. The packages were installed before the build was made.
 */
function buildLines(project: string, build: string, packages: string): string[] {
  const config = quoteShell(join(build, BUILT_CONFIG));
  const sources = [...ROOMS, ENTRY, LIBRARY, "deno.json", "deno.lock"]
    .map((source) => quoteShell(join(project, source)));
  return [
    `if [ -e ${config} ] && [ -e ${packages} ] &&`,
    `  newer=$(find ${
      sources.join(" ")
    } -newer ${config} -print -quit 2>&1) && [ -z "$newer" ]; then`,
    `  config=${config} main=${quoteShell(join(build, BUILT_ENTRY))} packages=manual`,
    "elif [ -t 2 ]; then",
    '  echo "The sources of flwr have changed since its installation, so it runs from them: for faster starts, run deno task install" >&2',
    "fi",
  ];
}

/**
 * Lines that let most commands start without a garbage collection, which takes 5 ms. Not for a SuperNode: its threads,
 * which may train models of an app, would then use more memory.
 */
export function heapLines([command]: readonly string[]): string[] {
  const heap = `heap=--v8-flags=--min-semi-space-size=${START_HEAP_MEBIBYTES}`;
  if (command === "supernode") return ["heap="];
  return command === undefined ? ["heap=", `if [ "$1" != supernode ]; then ${heap}; fi`] : [heap];
}

/** Quotes a word for POSIX shells. */
function quoteShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Quotes a path or plain word for cmd.exe. Paths on Windows contain no quotes, and percent signs are doubled. */
function quoteBatch(word: string): string {
  return `"${word.replaceAll("%", "%%")}"`;
}
