import { styledLine } from "../output/line_style.ts";
import { printLine } from "../output/say.ts";
import { stdoutScreen } from "../output/screen.ts";
import { parseConfigString } from "../../app/config_string.ts";
import type { ConfigRecord } from "../../app/config_record.ts";
import { isServerApp } from "../../app/server_app.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { readRunConfig } from "../../fab/run_config.ts";
import { toConfigRecord } from "../../fab/scalar.ts";
import { openChannel } from "../../rpc/channel.ts";
import { DriverConnection19 } from "../../rpc/dialects/flwr-1.9/client/driver_connection.ts";
import { findAppModule, importApp } from "../app_module.ts";
import { readingFlag } from "../usage_error.ts";
import { type ConnectionFlags, readConnection } from "../connection_options.ts";
import { logRetry } from "../log_retry.ts";
import { ArtifactFolder, requireNewFolder } from "./artifact_folder.ts";
import { runFolder } from "../output/run_folder.ts";
import { DEFAULT_ADDRESS } from "./default_address.ts";
import { IncompleteRun } from "./incomplete.ts";
import { RunReport } from "./report.ts";
import { runServerApp } from "./server_app.ts";

/** What the flags of a run in this process give. */
export interface HereFlags extends ConnectionFlags {
  readonly dir: string;
  readonly runConfig: readonly string[];
  readonly json?: string;
  readonly artifacts?: string;
  /** Whether lines always have the ids of nodes. */
  readonly verbose: boolean;
}

/**
 * Runs a ServerApp in this process against the Driver API of a SuperLink, and shows its rounds as they come.
 *
 * @param spec "module:name"
 * @param signal stops the run
 * @throws FlwrError naming what is wrong; whatever the ServerApp throws
 */
export async function runHere(spec: string, flags: HereFlags, signal: AbortSignal): Promise<void> {
  const runConfig = await readSettings(flags.runConfig);
  if (flags.artifacts !== undefined) await requireNewFolder(flags.artifacts, "--artifacts");
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
  const { colours } = stdoutScreen();
  const report = new RunReport((line) => printLine(styledLine(line, colours)));
  try {
    await runServerApp({
      app,
      connection,
      runConfig,
      report,
      showIds: flags.verbose,
      artifactsOf: (runId) => new ArtifactFolder(flags.artifacts ?? runFolder(runId)),
      signal,
    });
    if (report.incomplete !== "") throw new IncompleteRun(report.runId!, report.incomplete, []);
  } finally {
    connection.close();
    if (flags.json !== undefined) await writeHistory(flags.json, report);
  }
}

/** Pairs, which may have lists here, or a TOML file. */
async function readSettings(values: readonly string[]): Promise<ConfigRecord> {
  if (values.some((value) => value.trim().endsWith(".toml"))) {
    return toConfigRecord(await readRunConfig(values));
  }
  return readingFlag(() => parseConfigString(values.join(" "), "--run-config"));
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
