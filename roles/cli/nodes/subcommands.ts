import type { Command } from "commander";
import { listCommand } from "./list.ts";
import { registerCommand } from "./register.ts";
import { unregisterCommand } from "./unregister.ts";

/**
 * The commands below `flwr supernode`, which ask a SuperLink about its nodes. Each is made when the command line is
 * read: what it needs for its work it loads when it is called, so that a node starts fast.
 */
export const SUBCOMMANDS: readonly (() => Command)[] = [
  registerCommand,
  unregisterCommand,
  listCommand,
];
