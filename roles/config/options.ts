import type { Command } from "commander";

/** What the options of a command that asks a SuperLink give. */
export interface SuperLinkFlags {
  readonly insecure: boolean;
  readonly rootCertificates?: string;
}

/** What a help text says about the SUPERLINK argument. */
const SUPERLINK_HELP = `
SUPERLINK is the name of a connection in config.toml (in $FLWR_HOME or ~/.flwr; flwr config list shows them), or an
address as host:port, for which --insecure and --root-certificates are.
`;

/** Adds the argument `[superlink]` and the options for one that is given by its address. */
export function addSuperLinkArgument(command: Command): Command {
  return command
    .argument("[superlink]", "a connection's name, or host:port (default: config.toml's default)")
    .option("--insecure", "for host:port: connect without TLS", false)
    .option(
      "--root-certificates <file>",
      "for host:port: PEM file with the CA certificate of the SuperLink (default: the system's)",
    )
    .addHelpText("after", SUPERLINK_HELP);
}
