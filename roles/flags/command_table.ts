import type { Command } from "commander";
import type { HereFlags } from "./server_app.ts";

/** The commands of `flwr`, for a command that tells about others. */
export interface CommandTable {
  /** Those that people are shown, in the order of the help. */
  readonly listed: () => readonly { readonly name: string; readonly summary: string }[];
  /** Makes the command of a name or alias; undefined when there is none. */
  readonly load: (name: string) => Promise<Command | undefined>;
  /** Runs a ServerApp, given as "module:name", in this process, until it ends or the signal is aborted. */
  readonly runHere: (spec: string, flags: HereFlags, signal: AbortSignal) => Promise<void>;
}
