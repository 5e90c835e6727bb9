import type { Command } from "commander";
import { findCommand, GROUPS, listedCommands, loadCommand } from "./roles/commands.ts";
import { NO_COLOR, takeNoColor } from "./base/colour_choice.ts";
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
    `flwr ${VERSION}: federated learning, Flower's wire protocols, without Python`,
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
  const words = takeNoColor(args);
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
 * Has the platform's cryptography gather its entropy now, in another thread, and not at its first use: that takes 30 ms of
 * processor time, for which a first TLS connection or signature would wait (Deno 2.9.3; once in a process).
 */
function gatherEntropy(): void {
  // A key agreement's key is made in a thread of the pool, by the library that TLS uses. Most other calls wait for it here.
  crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"])
    .catch(() => {}); // Whatever is wrong shows at that first use.
}

if (import.meta.main) Deno.exit(await main(Deno.args));
