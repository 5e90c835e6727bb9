import { printMessage } from "../../output/print_line.ts";
import { FlwrError } from "../../../base/error.ts";
import { load } from "../../../base/load.ts";
import { languagesOf } from "../../../fab/app_config.ts";
import type { Language } from "../../../fab/component.ts";
import { buildFab } from "../../../fab/build/build.ts";
import { readFab } from "../../../fab/read.ts";
import { type Fab, fabFileName, shortHash } from "../../../fab/fab.ts";
import { mergeRunConfig, readRunConfig } from "../../../fab/run_config.ts";
import { type RunConfig, toConfigRecord } from "../../../fab/scalar.ts";
import type { StartedRun } from "../../../rpc/dialects/current/client/control_client.ts";
import { chooseSuperLink } from "../config/choose_superlink.ts";
import type { SuperLinkConnection } from "../config/connection.ts";
import { requireFederationId } from "../config/federation_id.ts";
import type { ControlFlags } from "../config/options.ts";
import { withControl } from "../config/with_control.ts";
import { followLog } from "../log/follow.ts";
import { requireCompleted, shownRun } from "../log/run_state.ts";
import { printJson } from "../../output/failure.ts";
import { type Output, type OutputFormat, printAndReturn } from "../../output/format.ts";
import { runJson, type ShownRun } from "../tables/runs.ts";
import { stdoutScreen } from "../../output/screen.ts";
import type { Stream } from "../../output/write_text.ts";
import { exitStatusOf } from "../../flags/exit_status.ts";
import { onShutdown } from "../../flags/shutdown.ts";
import { sendAttachments } from "./send_attachments.ts";
import { type AppToCheck, neededTypeCheck } from "../apps/types/type_check.ts";
import { AppCheck } from "./app_check.ts";
import {
  checkEngineFlags,
  DEFAULT_WAIT_SECONDS,
  type EngineFlags,
} from "./workers/engine_flags.ts";
import type { Engine } from "./workers/engine.ts";
import type { WatchedWorkers } from "./workers/watch_workers.ts";
import type { WorkerToken } from "./workers/worker_token.ts";
import { readSimulationSettings, type SimulationSettings } from "../config/simulation_settings.ts";
import { systemClock } from "../../../base/clock.ts";
import { readingFlag, UsageError } from "../../flags/values.ts";

/** Flags of `flwr run` for an app in a folder. */
export interface SubmitFlags extends ControlFlags, EngineFlags {
  readonly runConfig: readonly string[];
  readonly federation?: string;
  /** Folder for TensorBoard's files. */
  readonly tensorboard?: string;
  /** Whether to follow the log. Undefined: only if the nodes are simulated on this machine, and the output is text. */
  readonly stream?: boolean;
  /** Number of simulated nodes. */
  readonly nodes?: number;
  /** Settings of the simulation, as pairs. */
  readonly federationConfig?: string;
  /** File with the settings of each simulated node. */
  readonly nodeTable?: string;
  /** Id of the run from whose last checkpoint to continue. */
  readonly resume?: string;
  /** Whether to check the app's types before it is sent. */
  readonly check: boolean;
  readonly format: OutputFormat;
}

/**
 * Builds the app in a folder, sends it to a SuperLink, and prints the run's id. With `--stream` it then prints the run's
 * log until the run is over. Ctrl-C stops following the log; the run continues. The output as JSON is one object, which
 * with `--stream` comes last and has the run's result.
 *
 * @throws FlwrError naming the fault; with `--stream` "failed-precondition" for a run that did not complete, "cancelled"
 *   after Ctrl-C
 */
export async function submit(
  folder: string,
  superlink: string | undefined,
  flags: SubmitFlags,
): Promise<void> {
  requireFollowed(flags);
  const where = whereOf(superlink, flags);
  const json = flags.format === "json";
  const { tensorboard, stream = tensorboard === undefined ? undefined : true } = flags;
  if (json && stream) {
    return await followInJson(() => start(folder, superlink, flags), where, tensorboard);
  }
  const started = await printAndReturn(flags.format, () => start(folder, superlink, flags));
  const isWatched = started.connection.local !== undefined || started.placed !== undefined;
  const follows = stream ?? (!json && isWatched);
  if (follows) requireCompleted(await follow(started, Deno.stdout, where, tensorboard), where);
}

/** Starts a run, prints its log on stderr, and then one JSON object with its result and the command's exit status. */
async function followInJson(
  begin: () => Promise<Started>,
  where: string,
  tensorboard: string | undefined,
): Promise<void> {
  let fields: Record<string, unknown> = {};
  try {
    const started = await begin();
    fields = { ...started.json };
    for (const line of started.lines) printMessage(line);
    const ended = await follow(started, Deno.stderr, where, tensorboard);
    // The fields of the submission win, so that the app's names stay the same.
    fields = { ...runJson(ended), "sub-status": ended.run.subStatus, ...fields };
    requireCompleted(ended, where);
    printJson({ success: true, ...fields, "exit-status": 0 });
  } catch (error) {
    printJson({
      success: false,
      "error-message": FlwrError.from(error).message,
      ...fields,
      ...("run-id" in fields && { "exit-status": exitStatusOf(error) }),
    });
    throw error;
  }
}

/** A started run, and its SuperLink. */
interface Started extends Output {
  readonly connection: SuperLinkConnection;
  readonly run: StartedRun;
  /** Whether it has a token for workers. */
  readonly hasToken?: boolean;
  /** Its workers, if a scheduler has them. */
  readonly placed?: WatchedWorkers;
}

async function start(
  folder: string,
  superlink: string | undefined,
  flags: SubmitFlags,
): Promise<Started> {
  checkEngineFlags(flags);
  const resumeFrom = flags.resume === undefined ? undefined : readRunToResume(flags.resume);
  const given = await readSimulation(flags);
  const connection = await chooseSuperLink(superlink, flags);
  const { federation = connection.federation } = flags;
  if (federation !== undefined) readingFlag(() => requireFederationId(federation, "--federation"));
  const fab = await buildFab(folder);
  for (const warning of fab.warnings) printMessage(`Warning: ${warning}`);
  const override = await readOverride(flags.runConfig, fab.config.config);
  const nodeTable = flags.nodeTable === undefined
    ? undefined
    : await nodeTableOf(flags.nodeTable, given?.numSupernodes);
  const engine = await engineFor(flags, fab);
  await using token = await readToken(flags);
  const simulation = withToken(given, token);
  const app = flags.check ? appToCheck(folder, fab) : undefined;
  const checkTypes = app && await neededTypeCheck(app);
  // The SuperLink is contacted while the types are checked. The app is sent only after it has passed.
  await using check = new AppCheck(async (signal) => await checkTypes?.(signal));
  const submission = withControl(connection, async (control, wire) => {
    // Over gRPC the SuperLink is Flower's own, which would answer this call with all its runs.
    if (checkTypes !== undefined && wire === "http") await control.expectRun();
    if (!await check.passed) return undefined;
    await sendAttachments(control, fab.attachments);
    return await control.startRun({
      fab,
      overrideConfig: toConfigRecord(override),
      ...(federation !== undefined && { federation }),
      ...(resumeFrom !== undefined && { resumeFrom }),
      ...(simulation !== undefined && { simulation }),
      ...(nodeTable !== undefined && { nodeTable }),
    });
  }, check.refused);
  const started = await submission.catch((error) => {
    // The connection was closed because the app did not pass.
    if (check.refused.aborted) return undefined;
    throw error;
  });
  const run = started ?? await check.refusal;
  if (run.note !== undefined) printMessage(`Note: ${run.note}`);
  const output = startedOutput(run, fab);
  if (token === undefined) return { ...output, connection, run };
  const stopped = async (error: unknown) => {
    const isStopped = await stopRun(connection, run.runId);
    if (isStopped) await (await loadPlacing()).removeToken(run.runId);
    throw error;
  };
  const tokenFile = await token.write(run.runId).catch(stopped);
  const json = { ...output.json, "token-file": tokenFile };
  const { placeWorkers, reachNote, shellLine, workerWords } = await loadPlacing();
  if (engine === undefined) {
    const words = workerWords({ connection, tokenFile });
    const lines = [...output.lines, `Start workers: ${shellLine(["flwr", ...words])}`];
    return { json, lines, connection, run, hasToken: true };
  }
  const note = reachNote(connection, flags);
  if (note !== undefined) printMessage(`Note: ${note}`);
  const toPlace = { runId: run.runId, connection, tokenFile, simulation: given ?? {} };
  const workers = await placeWorkers(engine, toPlace, flags).catch(stopped);
  return {
    json: { ...json, workers: workers.name },
    lines: [...output.lines, `${workers.name} has the workers. To end them: ${workers.toCancel}`],
    connection,
    run,
    hasToken: true,
    placed: { workers, waitSeconds: flags.engineWait ?? DEFAULT_WAIT_SECONDS },
  };
}

/**
 * The scheduler that places the run's workers. Undefined if none does.
 *
 * @throws FlwrError for an app that workers do not run, or a scheduler that cannot be reached
 */
async function engineFor(flags: SubmitFlags, { config }: Fab): Promise<Engine | undefined> {
  const { engine = "local" } = flags;
  if (engine === "local") return undefined;
  if (languagesOf(config) !== "typescript") {
    throw new UsageError(
      "invalid-argument",
      `--engine ${engine} is for apps in TypeScript or JavaScript: Flower's own program simulates Python apps`,
      { hints: ["Leave --engine out"] },
    );
  }
  const scheduler = (await loadPlacing()).engineOf(flags);
  await scheduler?.check();
  return scheduler;
}

/** Makes the token of the run's workers. Undefined if the SuperLink's machine computes. */
async function readToken(
  { engine = "local", tokenFile }: SubmitFlags,
): Promise<WorkerToken | undefined> {
  if (engine === "local") return undefined;
  const { WorkerToken } = await loadPlacing();
  return await WorkerToken.create(tokenFile);
}

/** Loads what only runs with workers need. */
function loadPlacing() {
  return load<typeof import("./workers/place_workers.ts")>(
    new URL("./workers/place_workers.ts", import.meta.url),
  );
}

function withToken(
  settings: SimulationSettings | undefined,
  token: WorkerToken | undefined,
): SimulationSettings | undefined {
  return token === undefined ? settings : { ...settings, workersTokenHash: token.hash };
}

/** Reads `--node-table`. Loads the reader, which few runs need. */
export async function nodeTableOf(file: string, nodes: number | undefined): Promise<Uint8Array> {
  const { readNodeTable } = await load<typeof import("../config/node_table.ts")>(
    new URL("../config/node_table.ts", import.meta.url),
  );
  const read = await readNodeTable(file, nodes).catch((error) => () => {
    throw error;
  });
  return typeof read === "function" ? readingFlag(read) : read;
}

/** Reads `--resume` of an app in a folder. */
function readRunToResume(text: string): bigint {
  if (/^[0-9]{1,20}$/.test(text) && BigInt(text) < 2n ** 64n) return BigInt(text);
  throw new FlwrError("invalid-argument", `--resume: "${text}" is not the id of a run`, {
    hints: [
      "List the runs: flwr ls",
      "A folder of checkpoints is for a ServerApp run here: flwr run module:name --resume FOLDER",
    ],
  });
}

/** Checks the types of an app, unless it has passed before. @throws FlwrError "failed-precondition" with the errors */
export async function checkAppTypes(folder: string, fab: Fab): Promise<void> {
  const app = appToCheck(folder, fab);
  const check = app && await neededTypeCheck(app);
  await check?.();
}

/** The input of the type check. Undefined for an app in another language. */
function appToCheck(folder: string, { config, content }: Fab): AppToCheck | undefined {
  const { serverApp, clientApp, language, clientLanguage } = config;
  if (languagesOf(config) === "python") return undefined;
  const isChecked = (component: string | undefined, language: Language) =>
    component !== undefined && language === "typescript";
  const components = {
    ...(isChecked(serverApp, language) && { ServerApp: serverApp }),
    ...(isChecked(clientApp, clientLanguage) && { ClientApp: clientApp }),
  };
  return { files: readFab(content).files, folder, components };
}

/** Reads the settings of `--run-config`. An unknown one is refused before anything is sent. */
async function readOverride(
  values: readonly string[],
  defaults: RunConfig,
): Promise<RunConfig> {
  const override = await readRunConfig(values).catch((error) =>
    readingFlag(() => {
      throw error;
    })
  );
  readingFlag(() => mergeRunConfig(defaults, override));
  return override;
}

/** Reads the settings of the simulation. Undefined if none were given. */
export async function readSimulation(
  { nodes, federationConfig: pairs }: Pick<SubmitFlags, "nodes" | "federationConfig">,
): Promise<SimulationSettings | undefined> {
  if (nodes === undefined && pairs === undefined) return undefined;
  const values = pairs === undefined ? {} : await readRunConfig([pairs], "--federation-config");
  const given = readingFlag(() => readSimulationSettings(values, "--federation-config"));
  if (nodes !== undefined && given.numSupernodes !== undefined && given.numSupernodes !== nodes) {
    throw new UsageError(
      "invalid-argument",
      `--nodes is ${nodes}, but num-supernodes in --federation-config is ${given.numSupernodes}`,
      { hints: ["Leave one of them out"] },
    );
  }
  return { ...given, ...(nodes !== undefined && { numSupernodes: nodes }) };
}

/** The output for a started run, with Flower's own fields. Flower shortens the hash as well. */
function startedOutput({ runId, federation, note }: StartedRun, { config, hash }: Fab): Output {
  return {
    json: {
      "run-id": String(runId),
      "federation-id": federation,
      ...(note !== undefined && { note }),
      "fab-id": config.fabId,
      "fab-name": config.name,
      "fab-version": config.version,
      "fab-hash": shortHash(hash),
      "fab-filename": fabFileName(config, hash),
    },
    lines: [`Started run ${runId}: ${config.fabId} ${config.version}`],
  };
}

/** Writes a run's log until the run is over. @returns the finished run */
async function follow(
  { connection, run: { runId }, placed, hasToken }: Started,
  stream: Stream,
  where: string,
  tensorboard: string | undefined,
): Promise<ShownRun> {
  // Before this, Ctrl-C simply ends the command.
  using shutdown = onShutdown();
  using watch = placed &&
    new (await loadPlacing()).WorkerWatch(placed, systemClock, printMessage);
  const sink = { stream, colours: stdoutScreen().colours.enabled };
  const forgetToken = async () => {
    if (hasToken) await (await loadPlacing()).removeToken(runId);
  };
  return await withControl(connection, async (control) => {
    const signal = watch ? AbortSignal.any([shutdown.signal, watch.failed]) : shutdown.signal;
    const followed = await followLog(control, runId, sink, signal).catch((error) => {
      const { code, message, hints, cause } = FlwrError.from(error);
      if (code !== "unavailable" && code !== "deadline-exceeded") throw error;
      throw new FlwrError(code, message, { hints: [...hints, followAgain(runId, where)], cause });
    });
    if (watch?.failed.aborted) {
      const isStopped = await control.stopRun(runId).then(() => true, () => false);
      await watch.cancel();
      if (isStopped) await forgetToken();
      throw watch.failed.reason;
    }
    if (followed === "interrupted") throw stoppedFollowing(runId, where, placed);
    // Those that run end by themselves. Others may still wait for a machine.
    if (followed === "ended") {
      await watch?.cancel();
      await forgetToken();
      if (tensorboard !== undefined) {
        const { exportMetrics } = await load<typeof import("../metrics/tensorboard.ts")>(
          new URL("../metrics/tensorboard.ts", import.meta.url),
        );
        await exportMetrics(control, runId, tensorboard);
      }
    }
    return await shownRun(control, runId);
  });
}

/** @throws FlwrError "invalid-argument" for a flag that needs the run's end, without waiting for that */
function requireFollowed({ stream, tensorboard }: SubmitFlags): void {
  if (tensorboard === undefined || stream !== false) return;
  throw new UsageError(
    "invalid-argument",
    "--tensorboard is written at the run's end, and --no-stream does not wait for that",
    { hints: ["Leave one of them out. For a run that has ended: flwr metrics ID --tensorboard"] },
  );
}

function followAgain(runId: bigint, where: string): string {
  return `To follow the run again: flwr log ${runId}${where}`;
}

/** @returns whether the SuperLink did */
async function stopRun(connection: SuperLinkConnection, runId: bigint): Promise<boolean> {
  return await withControl(connection, (control) => control.stopRun(runId))
    .then(() => true, () => false);
}

function stoppedFollowing(
  runId: bigint,
  where: string,
  placed: WatchedWorkers | undefined,
): FlwrError {
  return new FlwrError(
    "cancelled",
    `Run ${runId} is still running. You stopped following its log`,
    {
      hints: [
        followAgain(runId, where),
        `To stop it: flwr stop ${runId}${where}`,
        ...(placed ? [`To end its workers: ${placed.workers.toCancel}`] : []),
      ],
    },
  );
}

/** Command line words that select the same SuperLink in another command, with a leading space. Empty for the default. */
export function whereOf(superlink: string | undefined, flags: ControlFlags): string {
  if (superlink === undefined) return "";
  const trust = flags.insecure
    ? " --insecure"
    : flags.rootCertificates === undefined
    ? ""
    : ` --root-certificates ${flags.rootCertificates}`;
  return ` ${superlink}${trust}`;
}
