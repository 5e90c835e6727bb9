import { type Command, Option } from "commander";
import { FlwrError } from "../../base/error.ts";

/** A flag that Flower's own command has and ours does not need. It is not shown in the help. */
export interface ForeignOption {
  /** As commander reads it: "--rest", "--fab-id <id>". */
  readonly flags: string;
  /**
   * Why the flag cannot be followed, and what to do instead; undefined when what it asks for is what we do anyway.
   *
   * @param value the flag's value; "" for a flag without one
   */
  refusal(value: string): { reason: string; hint: string } | undefined;
}

/** Makes a command understand flags of Flower's own one: a refused one ends it with a sentence. */
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
