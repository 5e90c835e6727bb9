import type { Command } from "commander";
import { reportError } from "./roles/report_error.ts";
import { VERSION } from "./roles/version.ts";

/** A command of `flwr`: its module is loaded only when it is asked for, so that each role starts fast. */
interface Entry {
  readonly summary: string;
  /** Whether it is for the program itself, not for people. */
  readonly hidden?: boolean;
  load(): Promise<{ command(): Command }>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  superlink: {
    summary: "Start a SuperLink: the server that connects ServerApps and SuperNodes",
    load: () => import("./roles/superlink.ts"),
  },
  supernode: {
    summary: "Start a SuperNode: it runs a ClientApp on this machine's data",
    load: () => import("./roles/supernode.ts"),
  },
  run: {
    summary: "Run a ServerApp against a SuperLink",
    load: () => import("./roles/run.ts"),
  },
  new: {
    summary: "Make a new app from a template",
    load: () => import("./roles/new.ts"),
  },
  build: {
    summary: "Build an app into a bundle (FAB)",
    load: () => import("./roles/build.ts"),
  },
  install: {
    summary: "Install an app from a bundle (FAB)",
    load: () => import("./roles/install.ts"),
  },
  keys: {
    summary: "Make and show certificates and key pairs",
    load: () => import("./roles/keys.ts"),
  },
  sandbox: {
    summary: "The process of a sandboxed app",
    hidden: true,
    load: () => import("./roles/sandbox.ts"),
  },
};

function usage(): string {
  const shown = Object.entries(COMMANDS).filter(([, { hidden }]) => !hidden);
  const width = Math.max(...shown.map(([name]) => name.length));
  const rows = shown.map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `flwr ${VERSION}: federated learning, Flower's wire protocols, no Python needed`,
    "",
    "Usage: flwr <command> [options]",
    "",
    "Commands:",
    ...rows,
    "",
    "Each command explains itself: flwr <command> --help",
  ].join("\n");
}

/**
 * Runs one command line.
 *
 * @returns the process' exit status: 0 success, 1 failure, 2 a command line that cannot be understood
 */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(usage());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-V") {
    console.log(VERSION);
    return 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    console.error(`Error: Unknown command "${name}"\n\n${usage()}`);
    return 2;
  }
  try {
    const { command } = await entry.load();
    await prepare(command(), `flwr ${name}`).parseAsync(rest, { from: "user" });
    return 0;
  } catch (error) {
    return reportError(error);
  }
}

/** Names a command by its whole path and lets it throw where commander would end the process. */
function prepare(command: Command, path: string): Command {
  for (const child of command.commands) prepare(child, child.name());
  return command.name(path).exitOverride().showHelpAfterError(
    `(${path} --help explains every option)`,
  );
}

if (import.meta.main) Deno.exit(await main(Deno.args));
