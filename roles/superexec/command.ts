import { Command } from "commander";
import { load } from "../../base/load.ts";
import { serviceManager } from "../../base/service_manager.ts";
import { addConfigOption } from "../flags/config_option.ts";
import { addForeignOptions } from "../flags/foreign_options.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "../flags/log_options.ts";
import { onShutdown } from "../flags/shutdown.ts";
import { addSuperExecOptions, type SuperExecFlags } from "./flags.ts";
import { SUPEREXEC_FOREIGN } from "./foreign_flags.ts";

const EXAMPLE = `
Example, for a SuperLink (ours or Flower's own) that runs with --isolation process on this machine:
  flwr superexec --insecure --runtime-api-address 127.0.0.1:8000

TypeScript apps run in sandboxes. Python apps run in Flower's own program, which must be installed. A SuperLink without
--isolation process runs ServerApps itself and needs no SuperExec.
`;

/** The `superexec` command. */
export function command(): Command {
  const command = new Command("superexec")
    .description(
      "Start a SuperExec, which runs ServerApps for a SuperLink started with --isolation process.",
    )
    .addHelpText("after", EXAMPLE)
    .action(async (flags: SuperExecFlags & LogFlags) => {
      applyLogOptions(flags);
      using service = serviceManager();
      using shutdown = onShutdown();
      const [{ readSuperExecConfig }, { runSuperExec }] = await Promise.all([
        load<typeof import("./config.ts")>(
          new URL("./config.ts", import.meta.url),
        ),
        load<typeof import("./start.ts")>(
          new URL("./start.ts", import.meta.url),
        ),
      ]);
      const config = await readSuperExecConfig(flags);
      service.ready();
      await runSuperExec(config, shutdown.signal);
    });
  addSuperExecOptions(command);
  return addForeignOptions(addConfigOption(addLogOptions(command)), SUPEREXEC_FOREIGN);
}
