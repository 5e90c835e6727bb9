import type { Command } from "commander";
import { load } from "../base/load.ts";
import type { CommandTable } from "./flags/command_table.ts";

/** Headings of the groups of commands in `flwr --help`. */
export const GROUPS = [
  "Servers and nodes",
  "Apps",
  "Runs",
  "Keys and settings",
] as const;
export type Group = typeof GROUPS[number];

/** An entry of the table of commands. A command's module is loaded only when it is used, so that each role starts fast. */
export interface CommandEntry {
  readonly name: string;
  /** Second name, from Flower's own command. */
  readonly alias?: string;
  readonly summary: string;
  /** Undefined for unsupported and internal commands, which the help does not list. */
  readonly group?: Group;
  /** Whether it usually needs TLS or signatures. Their initialisation then starts while the command is loaded. */
  readonly secures?: boolean;
  /** Module that exports `command(name, table)`, which creates the command. */
  readonly module: URL;
  /** Module of another room that exports `SUBCOMMANDS`, which create its subcommands. */
  readonly subcommands?: URL;
}

/** All commands, in the order of the help. */
const COMMANDS: readonly CommandEntry[] = [
  {
    name: "superlink",
    summary: "Start a SuperLink, the server that connects ServerApps and SuperNodes",
    group: "Servers and nodes",
    secures: true,
    module: new URL("./superlink/command.ts", import.meta.url),
  },
  {
    name: "supernode",
    summary: "Start a SuperNode; register, unregister or list SuperNodes",
    group: "Servers and nodes",
    secures: true,
    module: new URL("./supernode/command.ts", import.meta.url),
    subcommands: new URL("./cli/nodes/subcommands.ts", import.meta.url),
  },
  {
    name: "superexec",
    summary: "Start a SuperExec, which runs ServerApps for a SuperLink",
    group: "Servers and nodes",
    secures: true,
    module: new URL("./superexec/command.ts", import.meta.url),
  },
  {
    name: "simulation-worker",
    summary: "Start a worker, which runs simulated nodes for a SuperLink on another machine",
    group: "Servers and nodes",
    secures: true,
    module: new URL("./simulation_worker/command.ts", import.meta.url),
  },
  {
    name: "database",
    summary: "Migrate, check, back up and restore a SuperLink's database",
    group: "Servers and nodes",
    module: new URL("./superlink/database_command.ts", import.meta.url),
  },
  {
    name: "audit",
    summary: "Check a SuperLink's audit log",
    group: "Servers and nodes",
    module: new URL("./cli/audit/command.ts", import.meta.url),
  },
  {
    name: "federation",
    summary: "Show a SuperLink's federations",
    group: "Servers and nodes",
    secures: true,
    module: new URL("./cli/federation/command.ts", import.meta.url),
  },
  {
    name: "new",
    summary: "Create an app from a template",
    group: "Apps",
    module: new URL("./cli/apps/new.ts", import.meta.url),
  },
  {
    name: "types",
    summary: "Add files to an app's folder so that editors, deno check and tsc find flwr",
    group: "Apps",
    module: new URL("./cli/apps/types.ts", import.meta.url),
  },
  {
    name: "build",
    summary: "Build an app into a bundle (FAB)",
    group: "Apps",
    module: new URL("./cli/apps/build.ts", import.meta.url),
  },
  {
    name: "install",
    summary: "Install an app from a bundle (FAB)",
    group: "Apps",
    module: new URL("./cli/apps/install.ts", import.meta.url),
  },
  {
    name: "run",
    summary: "Run an app: send it to a SuperLink, or run its ServerApp in this process",
    group: "Runs",
    secures: true,
    module: new URL("./cli/run/command.ts", import.meta.url),
  },
  {
    name: "sweep",
    summary: "Run an app with several settings and seeds, and compare the results",
    group: "Runs",
    secures: true,
    module: new URL("./cli/sweep/command.ts", import.meta.url),
  },
  {
    name: "list",
    alias: "ls",
    summary: "List runs, or show one in detail (also: ls)",
    group: "Runs",
    secures: true,
    module: new URL("./cli/list.ts", import.meta.url),
  },
  {
    name: "log",
    summary: "Show a run's log",
    group: "Runs",
    secures: true,
    module: new URL("./cli/log/command.ts", import.meta.url),
  },
  {
    name: "metrics",
    summary: "Show the metrics of a run's rounds",
    group: "Runs",
    secures: true,
    module: new URL("./cli/metrics/command.ts", import.meta.url),
  },
  {
    name: "stop",
    summary: "Stop a run",
    group: "Runs",
    secures: true,
    module: new URL("./cli/stop.ts", import.meta.url),
  },
  {
    name: "pull",
    summary: "Download a run's artifacts, the files that its ServerApp saved",
    group: "Runs",
    secures: true,
    module: new URL("./cli/pull/command.ts", import.meta.url),
  },
  {
    name: "keys",
    summary: "Create and show certificates and key pairs",
    group: "Keys and settings",
    secures: true,
    module: new URL("./cli/keys/command.ts", import.meta.url),
  },
  {
    name: "config",
    summary: "Show the SuperLinks in config.toml",
    group: "Keys and settings",
    module: new URL("./cli/config/command.ts", import.meta.url),
  },
  {
    name: "login",
    summary: "Log in to a SuperLink with accounts",
    group: "Keys and settings",
    secures: true,
    module: new URL("./cli/accounts/login.ts", import.meta.url),
  },
  {
    name: "logout",
    summary: "Forget the tokens of a login",
    group: "Keys and settings",
    module: new URL("./cli/accounts/logout.ts", import.meta.url),
  },
  {
    name: "whoami",
    summary: "Show your account at a SuperLink",
    group: "Keys and settings",
    secures: true,
    module: new URL("./cli/accounts/whoami.ts", import.meta.url),
  },
  {
    name: "token",
    summary: "Create, list and revoke API tokens for machines",
    group: "Keys and settings",
    secures: true,
    module: new URL("./cli/accounts/token.ts", import.meta.url),
  },
  {
    name: "completion",
    summary: "Set up completion of command lines in bash, zsh or fish",
    group: "Keys and settings",
    module: new URL("./cli/completion/command.ts", import.meta.url),
  },
  {
    name: "sandbox",
    summary: "The process of a sandboxed app",
    module: new URL("./sandbox.ts", import.meta.url),
  },
  ...hosted("chat", "app"),
];

/** Entries for commands of Flower's hosted service. They end with an error that says so. */
function hosted(...names: readonly string[]): CommandEntry[] {
  return names.map((name) => ({
    name,
    summary: "Not supported",
    module: new URL("./cli/hosted.ts", import.meta.url),
  }));
}

/** Loads a command from its module. */
export async function loadCommand({ name, module, subcommands }: CommandEntry): Promise<Command> {
  const { command } = await load<{ command(name: string, table: CommandTable): Command }>(module);
  const made = command(name, COMMAND_TABLE);
  if (subcommands === undefined) return made;
  const { SUBCOMMANDS } = await load<{ SUBCOMMANDS: readonly (() => Command)[] }>(subcommands);
  for (const subcommand of SUBCOMMANDS) made.addCommand(subcommand());
  return made;
}

/** The table of commands, for commands themselves. */
export const COMMAND_TABLE: CommandTable = {
  listed: listedCommands,
  load: async (name) => {
    const entry = findCommand(name);
    return entry && await loadCommand(entry);
  },
  runLocally: async (spec, flags, signal) => {
    const { runLocally } = await load<typeof import("./serverapp/start.ts")>(
      new URL("./serverapp/start.ts", import.meta.url),
    );
    await runLocally(spec, flags, signal);
  },
};

/** Finds a command by name or alias. */
export function findCommand(name: string): CommandEntry | undefined {
  return COMMANDS.find((entry) => entry.name === name || entry.alias === name);
}

/** The commands that the help lists. */
export function listedCommands(): (CommandEntry & { readonly group: Group })[] {
  return COMMANDS.flatMap((entry) =>
    entry.group === undefined ? [] : [{ ...entry, group: entry.group }]
  );
}
