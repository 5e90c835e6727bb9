import { Command } from "commander";
import { addForeignOptions, SUPERLINK_FOREIGN } from "./foreign_options.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "./log_options.ts";
import { onShutdown } from "./shutdown.ts";
import { readSuperLinkConfig, type SuperLinkFlags } from "./superlink/config.ts";
import { startSuperLink } from "./superlink/start.ts";

const EXAMPLE = `
Example, with TLS and authentication (files as "flwr keys generate" makes them):
  flwr superlink \\
    --ssl-ca-certfile certificates/ca.crt \\
    --ssl-certfile certificates/server.pem \\
    --ssl-keyfile certificates/server.key \\
    --auth-list-public-keys keys/client_public_keys.csv \\
    --auth-superlink-private-key keys/server_credentials \\
    --auth-superlink-public-key keys/server_credentials.pub

Example, for a first try on one machine:
  flwr superlink --insecure
`;

/** The `superlink` command. */
export function command(): Command {
  const command = new Command("superlink")
    .description("Start a SuperLink: the server that connects ServerApps and SuperNodes.")
    .option(
      "--insecure",
      "serve without TLS; anyone on the way can read and change messages",
      false,
    )
    .option(
      "--ssl-ca-certfile <file>",
      "PEM file with the CA certificate that signed the server's (default: none)",
    )
    .option("--ssl-certfile <file>", "PEM file with the server's certificate (default: none)")
    .option("--ssl-keyfile <file>", "PEM file with the server's private key (default: none)")
    .option(
      "--auth-list-public-keys <csv>",
      "admit only SuperNodes whose public keys stand in this file; read again when it changes (default: everyone)",
    )
    .option(
      "--auth-superlink-private-key <file>",
      "the SuperLink's private key, OpenSSH or PEM (default: none)",
    )
    .option(
      "--auth-superlink-public-key <file>",
      "the SuperLink's public key, OpenSSH (default: none)",
    )
    .option("--fleet-api-address <host:port>", "where SuperNodes connect", "127.0.0.1:9092")
    .option("--driver-api-address <host:port>", "where ServerApps connect", "127.0.0.1:9091")
    .option(
      "--driver-api-allow-remote",
      "let the driver API, which has no authentication, listen beyond this machine",
      false,
    )
    .option(
      "--database <file>",
      "keep the state in this SQLite file, so that runs survive a restart",
      ":memory:",
    )
    .addHelpText("after", EXAMPLE)
    .action(async (flags: SuperLinkFlags & LogFlags) => {
      applyLogOptions(flags);
      using shutdown = onShutdown();
      const config = await readSuperLinkConfig(flags);
      await using superLink = await startSuperLink(config);
      await superLink.runUntil(shutdown.signal);
    });
  return addForeignOptions(addLogOptions(command), SUPERLINK_FOREIGN);
}
