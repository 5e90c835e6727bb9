import type { Command } from "commander";
import { findCommand, GROUPS, listedCommands, loadCommand } from "./roles/commands.ts";
import { applyNoColor, NO_COLOR } from "./base/colour_choice.ts";
import { reportError } from "./roles/report_error.ts";
import { VERSION } from "./base/version.ts";

/** Options in the place of a command, as Flower's `flwr` has them, and what they mean. */
const OPTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ["--install-completion", ["completion", "--install"]],
  ["--show-completion", ["completion"]],
]);

function usage(): string {
  const commands = listedCommands();
  const width = Math.max(...commands.map(({ name }) => name.length));
  const groups = GROUPS.flatMap((title) => [
    `${title}:`,
    ...commands.filter(({ group }) => group === title)
      .map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
  ]);
  return [
    `flwr ${VERSION}: federated learning with Flower's wire protocols, without Python`,
    "",
    "Usage: flwr <command> [options]",
    "",
    ...groups,
    "For a command's options: flwr <command> --help",
    `To turn colours off: ${NO_COLOR}, or NO_COLOR=1 in the environment`,
  ].join("\n");
}

/**
 * Runs one command line.
 *
 * @returns the process' exit status: 0 success, 1 failure, 2 a command line that cannot be understood
 */
export async function main(args: readonly string[]): Promise<number> {
  const words = applyNoColor(args);
  const [first = "", ...others] = words;
  const [name, ...rest] = [...OPTIONS.get(first) ?? words.slice(0, 1), ...others];
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(usage());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-V") {
    console.log(VERSION);
    return 0;
  }
  const entry = findCommand(name);
  if (entry === undefined) {
    console.error(`Error: Unknown command "${name}"\n\n${usage()}`);
    return 2;
  }
  if (entry.secures) gatherEntropy();
  try {
    const command = await loadCommand(entry);
    await prepare(command, `flwr ${entry.name}`).parseAsync(rest, { from: "user" });
    return 0;
  } catch (error) {
    return reportError(error, rest);
  }
}

/** Names a command by its whole path and lets it throw where commander would end the process. */
function prepare(command: Command, path: string): Command {
  prepareErrors(command, path);
  return command.name(path);
}

function prepareErrors(command: Command, path: string): void {
  command.exitOverride().showHelpAfterError(`(see ${path} --help)`);
  for (const child of command.commands) prepareErrors(child, `${path} ${child.name()}`);
}

/**
 * Makes the platform's cryptographic library gather its entropy now, in another thread. It takes 30 ms of processor time
 * once per process, for which the first TLS connection or signature would have to wait (Deno 2.9.3).
 */
function gatherEntropy(): void {
  // An ECDH key is made in a thread of the pool, by the library that TLS uses. Most other calls would block this thread.
  crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"])
    .catch(() => {}); // An error occurs again, and is reported, at the first use.
}

if (import.meta.main) Deno.exit(await main(Deno.args));
