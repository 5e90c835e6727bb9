import type { Command } from "commander";
import type { LocalRunFlags } from "./server_app.ts";

/** The table of `flwr`'s commands, for commands that use it themselves, such as completion. */
export interface CommandTable {
  /** The commands that the help lists, in its order. */
  readonly listed: () => readonly { readonly name: string; readonly summary: string }[];
  /** Loads a command by name or alias. Undefined if there is none. */
  readonly load: (name: string) => Promise<Command | undefined>;
  /** Runs a ServerApp, given as "module:name", in this process, until it ends or the signal is aborted. */
  readonly runLocally: (spec: string, flags: LocalRunFlags, signal: AbortSignal) => Promise<void>;
}
