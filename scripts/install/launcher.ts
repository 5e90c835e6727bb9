import { join } from "node:path";

/** A command name, and the words of `flwr` it stands for. */
export interface Launcher {
  readonly name: string;
  readonly words: readonly string[];
}

/** Where the launchers find their program. */
export interface LauncherTarget {
  /** The Deno executable that installed them. */
  readonly deno: string;
  /** The project's folder. */
  readonly project: string;
}

/** The Deno to fetch when the one that installed the launchers has gone (npx keeps it in a cache). */
const FALLBACK = "npx -y deno@2.9.3";

/** The files that make a command callable by its name: a shell script, and a batch file for Windows. */
export function launcherFiles(
  { name, words }: Launcher,
  { deno, project }: LauncherTarget,
): { file: string; text: string }[] {
  const config = join(project, "deno.json");
  const main = join(project, "main.ts");
  const args = ["run", "-A", "--quiet", "--config", config, main, ...words];
  const shell = [
    "#!/bin/sh",
    `if [ -x ${quote(deno)} ]; then exec ${[deno, ...args].map(quote).join(" ")} "$@"; fi`,
    `exec ${FALLBACK} ${args.map(quote).join(" ")} "$@"`,
    "",
  ].join("\n");
  const batch = [
    "@echo off",
    `if exist "${deno}" ("${deno}" ${args.map((arg) => `"${arg}"`).join(" ")} %*) else (`,
    `  ${FALLBACK} ${args.map((arg) => `"${arg}"`).join(" ")} %*)`,
    "",
  ].join("\r\n");
  return Deno.build.os === "windows"
    ? [{ file: `${name}.cmd`, text: batch }]
    : [{ file: name, text: shell }];
}

/** A word as POSIX shells read it back unchanged. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
