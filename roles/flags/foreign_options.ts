import { type Command, Option } from "commander";
import { FlwrError } from "../../base/error.ts";

/** A flag of Flower's own command that ours accepts without effect or refuses. The help does not show it. */
export interface ForeignOption {
  /** The flag in commander's syntax: "--rest", "--fab-id <id>". */
  readonly flags: string;
  /**
   * Returns why the flag is refused, and what to do instead. Undefined: it is accepted, because it is our default.
   *
   * @param value the flag's value, or "" for a flag without one
   */
  refusal(value: string): { reason: string; hint: string } | undefined;
}

/** Adds flags of Flower's own command. A refused flag ends the command with an error. */
export function addForeignOptions(command: Command, options: readonly ForeignOption[]): Command {
  for (const { flags, refusal } of options) {
    const option = new Option(flags).hideHelp();
    command.addOption(option);
    command.on(`option:${option.name()}`, (value: string | undefined) => {
      const refused = refusal(value ?? "");
      if (refused === undefined) return;
      const shown = value === undefined ? option.long : `${option.long} "${value}"`;
      throw new FlwrError("unimplemented", `${shown} is not supported: ${refused.reason}`, {
        hints: [refused.hint],
      });
    });
  }
  return command;
}
