import { join } from "node:path";
import { RECOMMENDED_DENO } from "../../rpc/deno_version.ts";

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

/** The Deno to fetch when the one that installed the launchers has gone (npx keeps it in a cache). */
const FALLBACK = `npx -y deno@${RECOMMENDED_DENO}`;

/** The file that makes a command callable by its name: a shell script, or a batch file on Windows. */
export function launcherFile(
  { name, words }: Launcher,
  { deno, project, os }: LauncherTarget,
): { file: string; text: string } {
  const config = join(project, "deno.json");
  const main = join(project, "main.ts");
  const args = ["run", "-A", "--quiet", "--config", config, main, ...words];
  if (os === "windows") {
    const [program, ...rest] = [deno, ...args].map(quoteBatch);
    const text = [
      "@echo off",
      `if exist ${program} (${program} ${rest.join(" ")} %*) else (`,
      `  ${FALLBACK} ${rest.join(" ")} %*)`,
      "",
    ].join("\r\n");
    return { file: `${name}.cmd`, text };
  }
  const [program, subcommand, ...rest] = [deno, ...args].map(quoteShell);
  const command = `${subcommand} --node-modules-dir=$packages ${rest.join(" ")} "$@"`;
  const text = [
    "#!/bin/sh",
    ...packagesLines(project),
    `if [ -x ${program} ]; then exec ${program} ${command}; fi`,
    `exec ${FALLBACK} ${command}`,
    "",
  ].join("\n");
  return { file: name, text };
}

/**
 * Lines that say whether Deno is to look after the packages: it takes 0.1 s and more for that at every start, and needs
 * not when it has written what it set up after the lock file last changed.
 */
function packagesLines(project: string): string[] {
  const setUp = quoteShell(join(project, "node_modules", ".deno", ".setup-cache.bin"));
  const lock = quoteShell(join(project, "deno.lock"));
  return ["packages=auto", `if [ ${setUp} -nt ${lock} ]; then packages=manual; fi`];
}

/** A word as POSIX shells read it back unchanged. */
function quoteShell(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A path or plain word as cmd.exe reads it back; paths there hold no quotes, and a percent sign is doubled. */
function quoteBatch(word: string): string {
  return `"${word.replaceAll("%", "%%")}"`;
}
