import type { Command } from "commander";
import { load } from "../base/load.ts";

/** What commands are listed under in `flwr --help`. */
export const GROUPS = [
  "Servers and nodes",
  "Apps",
  "Runs",
  "Keys and settings",
] as const;
export type Group = typeof GROUPS[number];

/** A command of `flwr`: its module is loaded only when it is asked for, so that each role starts fast. */
export interface CommandEntry {
  readonly name: string;
  /** Another name, as Flower's commands have it. */
  readonly alias?: string;
  readonly summary: string;
  /** Undefined for what is no command of ours, or for the program itself: it is not listed. */
  readonly group?: Group;
  /** Exports `command(name)`, which makes the command. */
  readonly module: URL;
}

/** All commands, in the order of the help. */
const COMMANDS: readonly CommandEntry[] = [
  {
    name: "superlink",
    summary: "Start a SuperLink: the server that connects ServerApps and SuperNodes",
    group: "Servers and nodes",
    module: new URL("./superlink.ts", import.meta.url),
  },
  {
    name: "supernode",
    summary: "Start a SuperNode; register, unregister and list those of a SuperLink",
    group: "Servers and nodes",
    module: new URL("./supernode.ts", import.meta.url),
  },
  {
    name: "superexec",
    summary: "Start a SuperExec: it runs the ServerApps of a SuperLink that starts none",
    group: "Servers and nodes",
    module: new URL("./superexec.ts", import.meta.url),
  },
  {
    name: "federation",
    summary: "Show the federations of a SuperLink",
    group: "Servers and nodes",
    module: new URL("./federation.ts", import.meta.url),
  },
  {
    name: "new",
    summary: "Make a new app from a template",
    group: "Apps",
    module: new URL("./new.ts", import.meta.url),
  },
  {
    name: "types",
    summary: "Let editors, deno check and tsc find flwr in an app's folder",
    group: "Apps",
    module: new URL("./types.ts", import.meta.url),
  },
  {
    name: "build",
    summary: "Build an app into a bundle (FAB)",
    group: "Apps",
    module: new URL("./build.ts", import.meta.url),
  },
  {
    name: "install",
    summary: "Install an app from a bundle (FAB)",
    group: "Apps",
    module: new URL("./install.ts", import.meta.url),
  },
  {
    name: "run",
    summary: "Run an app: send it to a SuperLink, or run its ServerApp here",
    group: "Runs",
    module: new URL("./run.ts", import.meta.url),
  },
  {
    name: "list",
    alias: "ls",
    summary: "List runs, or show all about one (also: ls)",
    group: "Runs",
    module: new URL("./list.ts", import.meta.url),
  },
  {
    name: "log",
    summary: "Show what a run's ServerApp writes",
    group: "Runs",
    module: new URL("./log.ts", import.meta.url),
  },
  {
    name: "stop",
    summary: "Stop a run",
    group: "Runs",
    module: new URL("./stop.ts", import.meta.url),
  },
  {
    name: "pull",
    summary: "Fetch what a run's ServerApp saved: its artifacts",
    group: "Runs",
    module: new URL("./pull.ts", import.meta.url),
  },
  {
    name: "keys",
    summary: "Make and show certificates and key pairs",
    group: "Keys and settings",
    module: new URL("./keys.ts", import.meta.url),
  },
  {
    name: "config",
    summary: "Show how SuperLinks are reached by name",
    group: "Keys and settings",
    module: new URL("./config.ts", import.meta.url),
  },
  {
    name: "completion",
    summary: "Complete command lines in bash, zsh or fish",
    group: "Keys and settings",
    module: new URL("./completion.ts", import.meta.url),
  },
  {
    name: "sandbox",
    summary: "The process of a sandboxed app",
    module: new URL("./sandbox.ts", import.meta.url),
  },
  ...hosted("login", "chat", "app"),
];

/** Commands that only Flower's hosted service answers: they say so. */
function hosted(...names: readonly string[]): CommandEntry[] {
  return names.map((name) => ({
    name,
    summary: "Not offered",
    module: new URL("./hosted.ts", import.meta.url),
  }));
}

/** Makes a command from its module. */
export async function loadCommand({ name, module }: CommandEntry): Promise<Command> {
  const { command } = await load<{ command(name: string): Command }>(module);
  return command(name);
}

/** The command of that name or alias. */
export function findCommand(name: string): CommandEntry | undefined {
  return COMMANDS.find((entry) => entry.name === name || entry.alias === name);
}

/** The commands that people are shown. */
export function listedCommands(): (CommandEntry & { readonly group: Group })[] {
  return COMMANDS.flatMap((entry) =>
    entry.group === undefined ? [] : [{ ...entry, group: entry.group }]
  );
}
