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

/** A {@link ForeignOption} as a command has it. */
export class ForeignFlag extends Option {
  readonly #refusal: ForeignOption["refusal"];

  constructor({ flags, refusal }: ForeignOption) {
    super(flags);
    this.hideHelp();
    this.#refusal = refusal;
  }

  /**
   * Checks a use of the flag.
   *
   * @param value undefined for a flag without one
   * @throws FlwrError "unimplemented" if the flag, or this value of it, is refused
   */
  check(value: string | undefined): void {
    const refused = this.#refusal(value ?? "");
    if (refused === undefined) return;
    const shown = value === undefined ? this.long : `${this.long} "${value}"`;
    throw new FlwrError("unimplemented", `${shown} is not supported: ${refused.reason}`, {
      hints: [refused.hint],
    });
  }
}

/** Adds flags of Flower's own command. A refused flag ends the command with an error. */
export function addForeignOptions(command: Command, options: readonly ForeignOption[]): Command {
  for (const foreign of options) {
    const option = new ForeignFlag(foreign);
    command.addOption(option);
    command.on(`option:${option.name()}`, (value: string | undefined) => option.check(value));
  }
  return command;
}
