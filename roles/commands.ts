import type { Command } from "commander";

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
  load(): Promise<{ command(): Command }>;
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "superlink",
    summary: "Start a SuperLink: the server that connects ServerApps and SuperNodes",
    group: "Servers and nodes",
    load: () => import("./superlink.ts"),
  },
  {
    name: "supernode",
    summary: "Start a SuperNode; register, unregister and list those of a SuperLink",
    group: "Servers and nodes",
    load: () => import("./supernode.ts"),
  },
  {
    name: "federation",
    summary: "Show the federations of a SuperLink",
    group: "Servers and nodes",
    load: () => import("./federation.ts"),
  },
  {
    name: "new",
    summary: "Make a new app from a template",
    group: "Apps",
    load: () => import("./new.ts"),
  },
  {
    name: "build",
    summary: "Build an app into a bundle (FAB)",
    group: "Apps",
    load: () => import("./build.ts"),
  },
  {
    name: "install",
    summary: "Install an app from a bundle (FAB)",
    group: "Apps",
    load: () => import("./install.ts"),
  },
  {
    name: "run",
    summary: "Run an app: send it to a SuperLink, or run its ServerApp here",
    group: "Runs",
    load: () => import("./run.ts"),
  },
  {
    name: "list",
    alias: "ls",
    summary: "List runs, or show all about one (also: ls)",
    group: "Runs",
    load: () => import("./list.ts"),
  },
  {
    name: "log",
    summary: "Show what a run's ServerApp writes",
    group: "Runs",
    load: () => import("./log.ts"),
  },
  {
    name: "stop",
    summary: "Stop a run",
    group: "Runs",
    load: () => import("./stop.ts"),
  },
  {
    name: "keys",
    summary: "Make and show certificates and key pairs",
    group: "Keys and settings",
    load: () => import("./keys.ts"),
  },
  {
    name: "config",
    summary: "Show how SuperLinks are reached by name",
    group: "Keys and settings",
    load: () => import("./config.ts"),
  },
  {
    name: "completion",
    summary: "Print a script that completes command lines in bash, zsh or fish",
    group: "Keys and settings",
    load: () => import("./completion.ts"),
  },
  {
    name: "sandbox",
    summary: "The process of a sandboxed app",
    load: () => import("./sandbox.ts"),
  },
  ...hosted("login", "pull", "chat", "app"),
];

/** Commands that only Flower's hosted service answers: they say so. */
function hosted(...names: readonly string[]): CommandEntry[] {
  return names.map((name) => ({
    name,
    summary: "Not offered",
    load: async () => ({ command: (await import("./hosted.ts")).hostedCommand(name) }),
  }));
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
