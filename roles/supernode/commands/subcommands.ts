import type { Command } from "commander";

/**
 * The commands below `flwr supernode`, which ask a SuperLink about its nodes. Each is made when the command line is
 * read: what it needs for its work it loads when it is called, so that a node starts fast.
 */
export const SUBCOMMANDS: readonly (() => Command)[] = [];
