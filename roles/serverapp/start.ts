import { styledLine } from "../output/line_style.ts";
import { printLine } from "../output/print_line.ts";
import { stdoutScreen } from "../output/screen.ts";
import { join } from "node:path";
import { parseConfigString } from "../../app/config_string.ts";
import type { ConfigRecord } from "../../app/config_record.ts";
import { HISTORY_FILE } from "../../base/history_file.ts";
import { isServerApp } from "../../app/server_app.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { mergeRunConfig, readRunConfig } from "../../fab/run_config.ts";
import { flattenConfig, type RunConfig, toConfigRecord } from "../../fab/scalar.ts";
import { parseToml } from "../../fab/toml/parse.ts";
import { tableAt } from "../../fab/toml/value.ts";
import { openChannel } from "../../rpc/grpc/channel.ts";
import { findAppModule } from "../../hosting/app/app_module.ts";
import { importApp } from "../../hosting/app/import_app.ts";
import { readingFlag } from "../flags/values.ts";
import { readConnection } from "../flags/connection_options.ts";
import { logRetry } from "../flags/log_retry.ts";
import { ArtifactFolder, requireNewFolder } from "../output/artifact_folder.ts";
import { CheckpointFolder, requireCheckpoints } from "../output/checkpoint_folder.ts";
import { runFolder } from "../output/run_folder.ts";
import { DEFAULT_ADDRESS, type LocalRunFlags } from "../flags/server_app.ts";
import { OwnRun } from "./own_run.ts";
import { IncompleteRun } from "../../hosting/app/incomplete.ts";
import { RunReport } from "../../hosting/app/report.ts";
import { runServerApp } from "../../hosting/app/server_app.ts";

/** Files in which an app declares its settings. The first that exists counts. */
const MANIFESTS = ["flwr.toml", "pyproject.toml"];

/**
 * Runs a ServerApp in this process, over the Driver API of a SuperLink, and prints its progress.
 *
 * @param spec "module:name"
 * @param signal stops the run
 * @throws FlwrError naming the invalid flag or file; the error that the ServerApp throws
 */
export async function runLocally(
  spec: string,
  flags: LocalRunFlags,
  signal: AbortSignal,
): Promise<void> {
  const runConfig = await withDefaults(await readSettings(flags.runConfig), flags.dir);
  if (flags.artifacts !== undefined) {
    // A run that failed or was stopped leaves its history, and the next one may use the same folder.
    await requireNewFolder(flags.artifacts, "--artifacts", [HISTORY_FILE]);
  }
  const resumed = flags.resume === undefined ? undefined : await requireCheckpoints(flags.resume);
  const { address, tls } = await readConnection(flags, DEFAULT_ADDRESS);
  const app = await importApp(await findAppModule(spec, flags.dir), isServerApp, "ServerApp");
  log("run").info("Loaded ServerApp {spec}. Connecting to {address}", { spec, address });
  const run = new OwnRun(
    openChannel({
      address,
      tls,
      retry: { maxRetries: flags.maxRetries, maxWaitTime: flags.maxWaitTime },
      onRetry: logRetry,
    }),
  );
  const { colours } = stdoutScreen();
  const report = new RunReport((line) => printLine(styledLine(line, colours)));
  let checkpoints: CheckpointFolder | undefined;
  try {
    await runServerApp({
      app,
      connection: run,
      runConfig,
      report,
      showIds: flags.verbose,
      artifactsOf: (runId) => new ArtifactFolder(flags.artifacts ?? runFolder(runId)),
      checkpointsOf: (runId) => {
        checkpoints = new CheckpointFolder(flags.artifacts ?? runFolder(runId), resumed);
        return checkpoints;
      },
      eventsOf: () => run.events(),
      signal: AbortSignal.any([signal, run.ended]),
    });
    await run.finish("completed", report.incomplete);
  } catch (error) {
    await run.finish("failed", FlwrError.from(error).message);
    if (checkpoints?.isUsed) printResumeHint(spec, flags.artifacts ?? runFolder(report.runId!));
    throw error;
  } finally {
    run.close();
    if (flags.json !== undefined) await writeHistory(flags.json, report);
  }
  if (report.incomplete !== "") throw new IncompleteRun(report.runId!, report.incomplete, []);
}

/**
 * Merges the given settings into the defaults that the app's folder declares. An unknown setting is refused if there are
 * defaults. Lists, which no file can declare, are accepted for a known setting.
 */
async function withDefaults(given: ConfigRecord, folder: string): Promise<ConfigRecord> {
  const defaults = await readDefaults(folder);
  if (defaults === undefined) return given;
  const unknown = [...given.keys()].find((name) => !Object.hasOwn(defaults, name));
  if (unknown !== undefined) readingFlag(() => mergeRunConfig(defaults, { [unknown]: "" }));
  const merged = toConfigRecord(defaults);
  for (const [name, typed] of given.typedEntries()) merged.setTyped(name, typed);
  return merged;
}

/** The settings that the app's flwr.toml or pyproject.toml declares. Undefined if there are none. */
async function readDefaults(folder: string): Promise<RunConfig | undefined> {
  for (const name of MANIFESTS) {
    const path = join(folder, name);
    const bytes = await Deno.readFile(path).catch(() => undefined);
    if (bytes === undefined) continue;
    const config = tableAt(parseToml(bytes, path), "tool", "flwr", "app", "config");
    return config && flattenConfig(config, `"${path}"`);
  }
  return undefined;
}

/** Reads `--run-config`: pairs, whose values may be lists here, or a TOML file. */
async function readSettings(values: readonly string[]): Promise<ConfigRecord> {
  if (values.some((value) => value.trim().endsWith(".toml"))) {
    return toConfigRecord(await readRunConfig(values));
  }
  return readingFlag(() => parseConfigString(values.join(" "), "--run-config"));
}

function printResumeHint(spec: string, folder: string): void {
  log("run").info("To continue from the last checkpoint: flwr run {spec} --resume {folder}", {
    event: "run-resumable",
    spec,
    folder,
  });
}

async function writeHistory(file: string, report: RunReport): Promise<void> {
  try {
    await Deno.writeTextFile(file, JSON.stringify(report.toJson(), undefined, 2) + "\n");
  } catch (cause) {
    throw new FlwrError("failed-precondition", `--json: cannot write file "${file}"`, {
      cause,
    });
  }
}
