import { Command } from "commander";
import { load } from "../../base/load.ts";
import type { LogFile } from "../../base/log.ts";
import { type ServiceManager, serviceManager } from "../../base/service_manager.ts";
import { addConfigOption } from "../flags/config_option.ts";
import { addForeignOptions } from "../flags/foreign_options.ts";
import { addSuperLinkOptions, SUPERLINK_FOREIGN, type SuperLinkFlags } from "./flags.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "../flags/log_options.ts";
import { onHangup, onShutdown, type Shutdown } from "../flags/shutdown.ts";
import type { SuperLinkConfig } from "./config.ts";
import { RotatingLogFile } from "./log_file.ts";
import { findStarter, type Starter } from "./processes/orders.ts";

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
      const starter = await findStarter();
      if (starter !== undefined) return await runOneOfMany(flags, starter);
      using logFile = openLogFile(flags);
      applyLogOptions(flags, { file: logFile });
      using service = serviceManager();
      using shutdown = onShutdown();
      shutdown.signal.addEventListener("abort", () => service.stopping(), { once: true });
      const [{ readSuperLinkConfig }, { startSuperLink }] = await Promise.all([
        import("./config.ts"),
        import("./start.ts"),
      ]);
      const config = await readSuperLinkConfig(flags);
      if (config.processes > 1) {
        return await runProcesses(config, { service, shutdown, logFile });
      }
      await using superLink = await startSuperLink(config, { withIds: flags.verbose });
      using _ = onHangup(() => superLink.reload());
      // On stdout, which is in no log file: the address contains the token.
      if (superLink.dashboardUrl !== undefined) {
        const { printLine } = await load<typeof import("../output/print_line.ts")>(
          new URL("../output/print_line.ts", import.meta.url),
        );
        printLine(`Dashboard: ${superLink.dashboardUrl}`);
      }
      service.ready();
      await superLink.runUntil(shutdown.signal);
      service.stopping();
    });
  addSuperLinkOptions(command);
  return addForeignOptions(addConfigOption(addLogOptions(command)), SUPERLINK_FOREIGN);
}

/** Runs several processes of this SuperLink. */
async function runProcesses(
  config: SuperLinkConfig,
  { service, shutdown, logFile }: {
    readonly service: ServiceManager;
    readonly shutdown: Shutdown;
    readonly logFile: LogFile | undefined;
  },
): Promise<void> {
  const { startProcesses } = await load<typeof import("./start_processes.ts")>(
    new URL("./start_processes.ts", import.meta.url),
  );
  const processes = await startProcesses(config, {
    stop: shutdown.signal,
    logFile,
    onReady: () => service.ready(),
  });
  shutdown.onSecond = () => processes.kill();
  using _ = onHangup(() => processes.reload());
  await processes.ended;
}

/** Runs one of several processes, with what the process that started it orders. */
async function runOneOfMany(
  flags: SuperLinkFlags & LogFlags,
  { orders: { number, listeners, ownKey, logsToFile }, gone, report }: Starter,
): Promise<void> {
  const decoder = new TextDecoder();
  const file = {
    write: (line: Uint8Array) => report({ kind: "line", text: decoder.decode(line) }),
  };
  applyLogOptions(flags, { process: number, ...(logsToFile && { file }) });
  using shutdown = onShutdown();
  const [{ readSuperLinkConfig }, { startSuperLink }] = await Promise.all([
    import("./config.ts"),
    import("./start.ts"),
  ]);
  const config = {
    ...await readSuperLinkConfig(flags),
    listeners,
    oneOfMany: { number, ...(ownKey !== undefined && { ownKey: Uint8Array.fromHex(ownKey) }) },
  };
  await using superLink = await startSuperLink(config, { withIds: flags.verbose });
  // The starting process passes it on.
  Deno.addSignalListener("SIGHUP", () => void superLink.reload());
  report({ kind: "ready" });
  await superLink.runUntil(AbortSignal.any([shutdown.signal, gone]));
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
