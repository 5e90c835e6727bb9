import type { Command } from "commander";

/** The table of `flwr`'s commands, for commands that use it themselves, such as completion. */
export interface CommandTable {
  /** The commands that the help lists, in its order. */
  readonly listed: () => readonly { readonly name: string; readonly summary: string }[];
  /** Loads a command by name or alias. Undefined if there is none. */
  readonly load: (name: string) => Promise<Command | undefined>;
}
