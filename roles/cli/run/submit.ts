import { say } from "../../output/say.ts";
import { FlwrError } from "../../../base/error.ts";
import { buildFab } from "../../../fab/build/build.ts";
import { readFab } from "../../../fab/read.ts";
import { type Fab, fabFileName, shortHash } from "../../../fab/fab.ts";
import { mergeRunConfig, readRunConfig } from "../../../fab/run_config.ts";
import { type RunConfig, toConfigRecord } from "../../../fab/scalar.ts";
import type { StartedRun } from "../../../rpc/dialects/current/client/control_client.ts";
import { chooseSuperLink } from "../config/choose_superlink.ts";
import type { SuperLinkConnection } from "../config/connection.ts";
import { checkFederation } from "../config/federation_id.ts";
import type { SuperLinkFlags } from "../config/options.ts";
import { withControl } from "../config/with_control.ts";
import { followLog } from "../log/follow.ts";
import { requireCompleted, shownRun } from "../log/run_state.ts";
import { printJson } from "../../output/failure.ts";
import { type Output, type OutputFormat, printed } from "../../output/format.ts";
import { runJson, type ShownRun } from "../tables/runs.ts";
import { stdoutScreen } from "../../output/screen.ts";
import type { Stream } from "../../output/write_text.ts";
import { exitStatusOf } from "../../flags/exit_status.ts";
import { onShutdown } from "../../flags/shutdown.ts";
import { sendAttachments } from "./send_attachments.ts";
import { type AppToCheck, checkApp, isUnchecked } from "../apps/types/check_app.ts";
import { AppCheck } from "./app_check.ts";
import { readingFlag } from "../../flags/values.ts";

/** What the flags of a submission give. */
export interface SubmitFlags extends SuperLinkFlags {
  readonly runConfig: readonly string[];
  readonly federation?: string;
  readonly stream: boolean;
  /** Whether the app's types are checked before it is sent. */
  readonly check: boolean;
  readonly format: OutputFormat;
}

/**
 * Builds the app in a folder, sends it to a SuperLink, and prints the run's id; with `--stream` then its log, until the
 * run is over. Ctrl-C ends following the log, the run goes on. In JSON there is one object: with `--stream` it comes
 * last, and says how the run ended.
 *
 * @throws FlwrError naming what is wrong; with `--stream` "failed-precondition" for a run that did not complete,
 *   "cancelled" when Ctrl-C came before its end
 */
export async function submit(
  folder: string,
  superlink: string | undefined,
  flags: SubmitFlags,
): Promise<void> {
  const where = whereOf(superlink, flags);
  const json = flags.format === "json";
  if (json && flags.stream) return await followInJson(() => start(folder, superlink, flags), where);
  const started = await printed(flags.format, () => start(folder, superlink, flags));
  if (flags.stream) requireCompleted(await follow(started, Deno.stdout, where), where);
}

/** Starts a run, shows its log on stderr, and prints one object with how it ended and the command's exit status. */
async function followInJson(begin: () => Promise<Started>, where: string): Promise<void> {
  let fields: Record<string, unknown> = {};
  try {
    const started = await begin();
    fields = { ...started.json };
    for (const line of started.lines) say(line);
    const ended = await follow(started, Deno.stderr, where);
    // What the app is called stays as it was said when it was sent.
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

/** A run that was started, and where. */
interface Started extends Output {
  readonly connection: SuperLinkConnection;
  readonly run: StartedRun;
}

async function start(
  folder: string,
  superlink: string | undefined,
  flags: SubmitFlags,
): Promise<Started> {
  const connection = await chooseSuperLink(superlink, flags);
  const { federation = connection.federation } = flags;
  if (federation !== undefined) readingFlag(() => checkFederation(federation, "--federation"));
  const fab = await buildFab(folder);
  for (const warning of fab.warnings) say(`Warning: ${warning}`);
  const override = await readOverride(flags.runConfig, fab.config.config);
  const app = flags.check ? appToCheck(folder, fab) : undefined;
  const unchecked = app !== undefined && await isUnchecked(app);
  // While the types are checked, the SuperLink is reached and gets ready. The app is not sent before it has passed.
  await using check = new AppCheck(async (signal) => {
    if (unchecked) await checkApp(app, signal);
  });
  const submission = withControl(connection, async (control, wire) => {
    // Over gRPC a SuperLink is Flower's, and may list all its runs.
    if (unchecked && wire === "http") await control.expectRun();
    if (!await check.passed) return undefined;
    await sendAttachments(control, fab.attachments);
    return await control.startRun({
      fab,
      overrideConfig: toConfigRecord(override),
      ...(federation !== undefined && { federation }),
    });
  }, check.refused);
  const started = await submission.catch((error) => {
    // The connection was given up because of what the check found.
    if (check.refused.aborted) return undefined;
    throw error;
  });
  const run = started ?? await check.refusal;
  if (run.note !== undefined) say(`Note: ${run.note}`);
  return { ...startedOutput(run, fab), connection, run };
}

/** What the type checker looks at; undefined for an app in another language. */
function appToCheck(folder: string, { config, content }: Fab): AppToCheck | undefined {
  const { serverApp, clientApp, language } = config;
  if (language !== "typescript") return undefined;
  const components = {
    ...(serverApp !== undefined && { ServerApp: serverApp }),
    ...(clientApp !== undefined && { ClientApp: clientApp }),
  };
  return { files: readFab(content).files, folder, components };
}

/** Settings that differ from the app's own; an unknown one is refused before anything is sent. */
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

/** Flower's fields of a run that was started; the hash is as short there. */
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
    lines: [`Run ${runId} is started: ${config.fabId} ${config.version}`],
  };
}

/** Writes a run's log until the run is over. @returns the run as it ended */
async function follow(
  { connection, run: { runId } }: Started,
  stream: Stream,
  where: string,
): Promise<ShownRun> {
  // Only from here on is Ctrl-C more than the end of the command.
  using shutdown = onShutdown();
  const sink = { stream, colours: stdoutScreen().colours.enabled };
  return await withControl(connection, async (control) => {
    const followed = await followLog(control, runId, sink, shutdown.signal);
    if (followed === "interrupted") throw goesOn(runId, where);
    return await shownRun(control, runId);
  });
}

function goesOn(runId: bigint, where: string): FlwrError {
  return new FlwrError(
    "cancelled",
    `Run ${runId} is still running. You stopped following its log`,
    {
      hints: [
        `To follow it again: flwr log ${runId}${where}`,
        `To stop it: flwr stop ${runId}${where}`,
      ],
    },
  );
}

/** The words that lead another command to the same SuperLink; none for the default one. */
function whereOf(superlink: string | undefined, flags: SuperLinkFlags): string {
  if (superlink === undefined) return "";
  const trust = flags.insecure
    ? " --insecure"
    : flags.rootCertificates === undefined
    ? ""
    : ` --root-certificates ${flags.rootCertificates}`;
  return ` ${superlink}${trust}`;
}
