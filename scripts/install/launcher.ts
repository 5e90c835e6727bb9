import { join } from "node:path";
import { RECOMMENDED_DENO } from "../../rpc/deno_version.ts";
import { BUILT_CONFIG } from "../build/builds_folder.ts";
import { BUILT_ENTRY } from "../build/place.ts";
import { ENTRY, LIBRARY, ROOMS } from "../compile/entry_points.ts";

/** A command name, and the words of `flwr` it stands for. */
export interface Launcher {
  readonly name: string;
  readonly words: readonly string[];
}

/** Where the launchers find their program, and on what system. */
export interface LauncherTarget {
  /** The Deno executable that installed them. */
  readonly deno: string;
  /** The project's folder. */
  readonly project: string;
  /** The folder of its build. Without one the sources are run. */
  readonly build?: string;
  readonly os: typeof Deno.build.os;
}

/** Each installed name; the `flower-…` ones are those of Flower's own commands. */
export const LAUNCHERS: readonly Launcher[] = [
  { name: "flwr", words: [] },
  { name: "flower-superlink", words: ["superlink"] },
  { name: "flower-supernode", words: ["supernode"] },
  { name: "flower-client-app", words: ["supernode"] },
  { name: "flower-server-app", words: ["run"] },
];

/** Mebibytes that a command may fill before it first looks for garbage: `flwr ls` fills 6, a SuperLink 7. */
const START_HEAP_MEBIBYTES = 8;

/** The Deno to fetch when the one that installed the launchers has gone (npx keeps it in a cache). */
const FALLBACK = `npx -y deno@${RECOMMENDED_DENO}`;

/** The file that makes a command callable by its name: a shell script, or a batch file on Windows. */
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
 * A script that runs the build where it is of the sources as they are, and otherwise the sources. For these Deno looks
 * after the packages, but only when the lock file has changed since it did: it takes 0.1 s and more at every start.
 */
function shellScript(words: readonly string[], { deno, project, build }: LauncherTarget): string {
  const packages = quoteShell(join(project, "node_modules", ".deno", ".setup-cache.bin"));
  const lock = quoteShell(join(project, "deno.lock"));
  const program = quoteShell(deno);
  const rest = [...words.map(quoteShell), '"$@"'].join(" ");
  return [
    "#!/bin/sh",
    // Otherwise Deno looks for newer versions of itself on the network.
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
 * Lines that choose the build, unless a source is newer: one that was changed, or a folder in which one came or went. The
 * packages were set up before the build was made.
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
    '  echo "flwr runs from its sources, which were changed: deno task install makes it start fast again" >&2',
    "fi",
  ];
}

/**
 * Lines that let most commands start without looking for garbage, which takes 5 ms. A SuperNode's threads, which may train
 * an app's models, would hold more memory for that.
 */
export function heapLines([command]: readonly string[]): string[] {
  const heap = `heap=--v8-flags=--min-semi-space-size=${START_HEAP_MEBIBYTES}`;
  if (command === "supernode") return ["heap="];
  return command === undefined ? ["heap=", `if [ "$1" != supernode ]; then ${heap}; fi`] : [heap];
}

/** A word as POSIX shells read it back unchanged. */
function quoteShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A path or plain word as cmd.exe reads it back; paths there hold no quotes, and a percent sign is doubled. */
function quoteBatch(word: string): string {
  return `"${word.replaceAll("%", "%%")}"`;
}
