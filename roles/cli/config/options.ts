import type { Command } from "commander";
import { formatOption, type Output, type OutputFormat, printOutput } from "../../output/format.ts";

/** What the options of a command that asks a SuperLink give. */
export interface SuperLinkFlags {
  readonly insecure: boolean;
  readonly rootCertificates?: string;
}

/** Those of a command that prints what the SuperLink says. */
export interface AskingFlags extends SuperLinkFlags {
  readonly format: OutputFormat;
}

/** What a help text says about the SUPERLINK argument. */
const SUPERLINK_HELP = `
SUPERLINK is the name of a connection in config.toml ("flwr config list" shows them), or host:port. For host:port,
--insecure and --root-certificates say how to connect.`;

/** Adds the argument `[superlink]` and the options for one that is given by its address. */
export function addSuperLinkArgument(command: Command): Command {
  return command
    .argument("[superlink]", "name of a connection, or host:port (default: config.toml's default)")
    .option("--insecure", "with host:port: connect without TLS", false)
    .option(
      "--root-certificates <file>",
      "with host:port: PEM file with the certificate of the CA that signed the SuperLink's (default: the system's CAs)",
    )
    .addHelpText("after", SUPERLINK_HELP);
}

/**
 * Completes a command that asks a SuperLink and prints what it says: `--format`, the argument and options for the
 * SuperLink, examples.
 *
 * @param answer gets the command's arguments, the SuperLink's being the last, and its options
 */
export function asksSuperLink<Words extends unknown[], Flags extends AskingFlags>(
  command: Command,
  examples: string,
  answer: (...given: [...Words, superlink: string | undefined, flags: Flags]) => Promise<Output>,
): Command {
  return addSuperLinkArgument(command.addOption(formatOption()))
    .addHelpText("after", examples)
    // After the options comes the command itself.
    .action((...given: [...Words, string | undefined, Flags, Command]) => {
      const asked = given.slice(0, -1) as [...Words, string | undefined, Flags];
      return printOutput((asked.at(-1) as Flags).format, () => answer(...asked));
    });
}
