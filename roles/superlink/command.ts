import { Command } from "commander";
import { serviceManager } from "../../base/service_manager.ts";
import { addConfigOption } from "../flags/config_option.ts";
import { addForeignOptions } from "../flags/foreign_options.ts";
import { addSuperLinkOptions, SUPERLINK_FOREIGN, type SuperLinkFlags } from "./flags.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "../flags/log_options.ts";
import { onHangup, onShutdown } from "../flags/shutdown.ts";
import { RotatingLogFile } from "./log_file.ts";

const EXAMPLE = `
Example with TLS and authentication (the files come from "flwr keys generate"):
  flwr superlink \\
    --ssl-ca-certfile certificates/ca.crt \\
    --ssl-certfile certificates/server.pem \\
    --ssl-keyfile certificates/server.key \\
    --auth-list-public-keys keys/client_public_keys.csv \\
    --auth-superlink-private-key keys/server_credentials \\
    --auth-superlink-public-key keys/server_credentials.pub

Example for a first try on one machine:
  flwr superlink --insecure
`;

/** The `superlink` command. */
export function command(): Command {
  const command = new Command("superlink")
    .description("Start a SuperLink, the server that connects ServerApps and SuperNodes.")
    .addHelpText("after", EXAMPLE)
    .action(async (flags: SuperLinkFlags & LogFlags) => {
      using logFile = openLogFile(flags);
      applyLogOptions(flags, logFile);
      using service = serviceManager();
      using shutdown = onShutdown();
      const [{ readSuperLinkConfig }, { startSuperLink }] = await Promise.all([
        import("./config.ts"),
        import("./start.ts"),
      ]);
      const config = await readSuperLinkConfig(flags);
      await using superLink = await startSuperLink(config, { withIds: flags.verbose });
      using _ = onHangup(() => superLink.reload());
      service.ready();
      await superLink.runUntil(shutdown.signal);
      service.stopping();
    });
  addSuperLinkOptions(command);
  return addForeignOptions(addConfigOption(addLogOptions(command)), SUPERLINK_FOREIGN);
}

function openLogFile(flags: SuperLinkFlags): RotatingLogFile | undefined {
  if (flags.logFile === undefined) return undefined;
  return new RotatingLogFile({
    file: flags.logFile,
    intervalHours: flags.logRotationIntervalHours,
    maxBytes: flags.logRotationMaxMib * 2 ** 20,
    backupCount: flags.logRotationBackupCount,
  });
}
