import { Command } from "commander";
import { parseConfigString } from "../app/config_string.ts";
import { FlwrError } from "../base/error.ts";
import { log } from "../base/log.ts";
import { openChannel } from "../rpc/channel.ts";
import { DriverConnection19 } from "../rpc/dialects/flwr-1.9/client/driver_connection.ts";
import { isServerApp } from "../app/server_app.ts";
import { findAppModule, importApp } from "./app_module.ts";
import {
  addConnectionOptions,
  type ConnectionFlags,
  readConnection,
} from "./connection_options.ts";
import { addForeignOptions, RUN_FOREIGN } from "./foreign_options.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "./log_options.ts";
import { logRetry } from "./log_retry.ts";
import { RunReport } from "./run/report.ts";
import { runServerApp } from "./run/server_app.ts";
import { onShutdown } from "./shutdown.ts";

const DEFAULT_ADDRESS = "127.0.0.1:9091";

const EXAMPLE = `
Example:
  flwr run server:app \\
    --root-certificates certificates/ca.crt \\
    --server 127.0.0.1:9091 \\
    --run-config "num-rounds=3"

"server:app" means: what server.ts (or server.js) exports under the name "app".
The exit status is 0 only if the run succeeded.
`;

interface RunFlags extends ConnectionFlags, LogFlags {
  dir: string;
  runConfig?: string;
  json?: string;
}

/** The `run` command. */
export function command(): Command {
  const command = new Command("run")
    .description("Run a ServerApp against a SuperLink and show its rounds as they come.")
    .argument("<server-app>", 'the ServerApp as "module:name", for example server:app')
    .option("--dir <folder>", "folder that holds the app", ".")
    .option("--run-config <pairs>", 'settings for the run, as "num-rounds=3" (default: none)')
    .option("--json <file>", "also write the run's history to this file (default: none)")
    .addHelpText("after", EXAMPLE)
    .action(async (spec: string, flags: RunFlags) => {
      applyLogOptions(flags);
      using shutdown = onShutdown();
      await run(spec, flags, shutdown.signal);
    });
  addLogOptions(addConnectionOptions(command, DEFAULT_ADDRESS));
  return addForeignOptions(command, RUN_FOREIGN);
}

async function run(spec: string, flags: RunFlags, signal: AbortSignal): Promise<void> {
  const runConfig = parseConfigString(flags.runConfig ?? "", "--run-config");
  const { address, tls } = await readConnection(flags, DEFAULT_ADDRESS);
  const app = await importApp(await findAppModule(spec, flags.dir), isServerApp, "ServerApp");
  log("run").info("ServerApp {spec} is loaded; connecting to {address}", { spec, address });
  const connection = new DriverConnection19(
    openChannel({
      address,
      tls,
      retry: { maxRetries: flags.maxRetries, maxWaitTime: flags.maxWaitTime },
      onRetry: logRetry,
    }),
  );
  const report = new RunReport((line) => console.log(line));
  try {
    await runServerApp({ app, connection, runConfig, report, signal });
  } finally {
    connection.close();
    if (flags.json !== undefined) await writeHistory(flags.json, report);
  }
}

async function writeHistory(file: string, report: RunReport): Promise<void> {
  try {
    await Deno.writeTextFile(file, JSON.stringify(report.toJson(), undefined, 2) + "\n");
  } catch (cause) {
    throw new FlwrError("failed-precondition", `File "${file}" of --json cannot be written`, {
      cause,
    });
  }
}
