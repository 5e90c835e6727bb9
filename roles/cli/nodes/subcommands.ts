import type { Command } from "commander";
import { listCommand } from "./list.ts";
import { registerCommand } from "./register.ts";
import { unregisterCommand } from "./unregister.ts";

/**
 * Subcommands of `flwr supernode`, which call a SuperLink. They load the modules for that only when they are run, so a
 * node starts fast.
 */
export const SUBCOMMANDS: readonly (() => Command)[] = [
  registerCommand,
  unregisterCommand,
  listCommand,
];
