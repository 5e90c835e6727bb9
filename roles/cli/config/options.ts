import type { Command } from "commander";
import { formatOption, type Output, type OutputFormat, printOutput } from "../../output/format.ts";

/** Flags of a command that calls a SuperLink's Control API. */
export interface ControlFlags {
  readonly insecure: boolean;
  readonly rootCertificates?: string;
}

/** Flags of a command that also has `--format`. */
export interface ControlOutputFlags extends ControlFlags {
  readonly format: OutputFormat;
}

/** Help text for the SUPERLINK argument. */
const SUPERLINK_HELP = `
SUPERLINK is the name of a connection in config.toml ("flwr config list" shows them), or host:port. For host:port,
--insecure and --root-certificates set how to connect.`;

/** Adds the argument `[superlink]`, and the options for an address. */
export function addSuperLinkArgument(command: Command): Command {
  return command
    .argument("[superlink]", "name of a connection, or host:port (default: config.toml's default)")
    .option("--insecure", "with host:port: connect without TLS", false)
    .option(
      "--root-certificates <file>",
      "with host:port: PEM file with the certificate of the CA that signed the SuperLink's certificate (default: the system's CAs)",
    )
    .addHelpText("after", SUPERLINK_HELP);
}

/**
 * Adds `--format`, the SuperLink's argument and options, examples and the action to a command that calls a SuperLink and
 * prints the result.
 *
 * @param answer called with the command's arguments, the SuperLink's last, and its flags
 */
export function controlCommand<Words extends unknown[], Flags extends ControlOutputFlags>(
  command: Command,
  examples: string,
  answer: (...given: [...Words, superlink: string | undefined, flags: Flags]) => Promise<Output>,
): Command {
  return addSuperLinkArgument(command.addOption(formatOption()))
    .addHelpText("after", examples)
    // The last parameter of an action is the command itself.
    .action((...given: [...Words, string | undefined, Flags, Command]) => {
      const asked = given.slice(0, -1) as [...Words, string | undefined, Flags];
      return printOutput((asked.at(-1) as Flags).format, () => answer(...asked));
    });
}
