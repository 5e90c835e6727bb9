import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { HISTORY_FILE } from "../../../base/history_file.ts";
import { toConfigRecord } from "../../../fab/scalar.ts";
import type {
  ControlClient,
  RunSubmission,
} from "../../../rpc/dialects/current/client/control_client.ts";
import { printMessage } from "../../output/print_line.ts";
import type { SuperLinkConnection } from "../config/connection.ts";
import { shownRun } from "../log/run_state.ts";
import { fetchArtifact } from "../pull/fetch_artifact.ts";
import type { ShownRun } from "../tables/runs.ts";
import type { Settings } from "./grid.ts";
import { MAX_READ_BYTES, readHistory, type RunMetrics } from "./read_history.ts";
import type { FinishedRun, RunStatus } from "./results.ts";
import type { SweepFolder } from "./sweep_folder.ts";

/** Seconds between two questions for the state of a run, on a SuperLink whose logs end before their runs. */
const POLL_SECONDS = 1;

/** How often the history of a run is asked for. */
const FETCH_ATTEMPTS = 4;

/** Most characters of an error that are kept. */
const MAX_ERROR_CHARS = 1000;

/** A run of the sweep. */
export interface PlannedRun {
  /** Settings that differ from the app's own. */
  readonly settings: Settings;
  /** Hash of everything that decides its result. */
  readonly fingerprint: string;
}

/** What the runs of a sweep need. */
export interface SweepContext {
  readonly control: ControlClient;
  readonly connection: SuperLinkConnection;
  /** What the submissions of all runs have. */
  readonly submission: Omit<RunSubmission, "overrideConfig">;
  /** Returns the folder, and creates it with the first run. */
  readonly folderOf: (firstRun: bigint) => Promise<SweepFolder>;
  /** The folder of a sweep that is continued. */
  readonly resumed: SweepFolder | undefined;
  /** Stops the runs under way. */
  readonly signal: AbortSignal;
}

/**
 * Runs one run of a sweep to its end. One that an earlier command started, and did not see end, is followed.
 *
 * @returns undefined if the signal stopped it
 * @throws FlwrError when the run cannot be submitted or followed, or the folder cannot be written
 */
export async function finishRun(
  run: PlannedRun,
  context: SweepContext,
): Promise<FinishedRun | undefined> {
  const { control, signal } = context;
  const earlier = await earlierRun(run, context);
  const runId = earlier ?? await startRun(run, context);
  const shown = await endOf(runId, control, signal);
  if (shown === undefined) {
    await control.stopRun(runId).catch((error) => {
      const { message } = FlwrError.from(error);
      printMessage(`Could not stop run ${runId}: ${message}`);
    });
    return undefined;
  }
  const folder = await context.folderOf(runId);
  let metrics: RunMetrics | undefined;
  try {
    metrics = await metricsOf(runId, context, folder);
  } catch (error) {
    // The next command finds that the run has completed.
    if (signal.aborted) return undefined;
    throw error;
  }
  const finished = { runId, ...outcomeOf(shown), seconds: shown.elapsed, metrics };
  await folder.add(run.fingerprint, run.settings, finished);
  return finished;
}

/** The run that an earlier command started, if it is under way or has completed since. */
async function earlierRun(
  { fingerprint }: PlannedRun,
  { resumed, control }: SweepContext,
): Promise<bigint | undefined> {
  const known = resumed?.run(fingerprint);
  if (known?.status !== "started") return undefined;
  try {
    const { status } = await shownRun(control, known.runId);
    const isUseful = !status.startsWith("finished") || status === "finished:completed";
    return isUseful ? known.runId : undefined;
  } catch (error) {
    if (FlwrError.from(error).code === "not-found") return undefined;
    throw error;
  }
}

async function startRun(
  { settings, fingerprint }: PlannedRun,
  { control, submission, folderOf }: SweepContext,
): Promise<bigint> {
  const overrideConfig = toConfigRecord(Object.fromEntries(settings));
  const { runId } = await control.startRun({ ...submission, overrideConfig });
  try {
    const folder = await folderOf(runId);
    await folder.add(fingerprint, settings, { status: "started", runId });
  } catch (error) {
    // No later command would know of it.
    await control.stopRun(runId).catch(() => {});
    throw error;
  }
  return runId;
}

/** Waits for the end of a run. @returns undefined if the signal came first */
async function endOf(
  runId: bigint,
  control: ControlClient,
  signal: AbortSignal,
): Promise<ShownRun | undefined> {
  while (!signal.aborted) {
    try {
      // The end of the log is the end of the run. The lines themselves are not needed.
      for await (const _ of control.streamLogs(runId, { after: Number.MAX_SAFE_INTEGER, signal }));
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
    const shown = await shownRun(control, runId);
    if (shown.status.startsWith("finished")) return shown;
    await systemClock.sleep(POLL_SECONDS, signal);
  }
  return undefined;
}

function outcomeOf(
  { run, incomplete }: ShownRun,
): { readonly status: RunStatus; readonly error: string } {
  const error = run.details.slice(0, MAX_ERROR_CHARS);
  switch (run.subStatus) {
    case "completed":
      return incomplete ? { status: "incomplete", error } : { status: "completed", error: "" };
    case "stopped":
      return { status: "stopped", error };
    default:
      return { status: "failed", error };
  }
}

/** Fetches a run's history. A history that cannot be used does not end the sweep. */
async function metricsOf(
  runId: bigint,
  context: SweepContext,
  folder: SweepFolder,
): Promise<RunMetrics | undefined> {
  try {
    const bytes = await fetchHistory(runId, context);
    if (bytes === undefined) return undefined;
    await folder.saveHistory(runId, bytes);
    return readHistory(bytes);
  } catch (error) {
    const { code, message } = FlwrError.from(error);
    if (code !== "data-loss") throw error;
    printMessage(`Warning: run ${runId}: ${message}`);
    return undefined;
  }
}

/** Fetches history.json, several times if the SuperLink is busy with other downloads. */
async function fetchHistory(
  runId: bigint,
  { control, connection, signal }: SweepContext,
): Promise<Uint8Array | undefined> {
  const wanted = { runId, name: HISTORY_FILE, maxBytes: MAX_READ_BYTES };
  for (let attempt = 1;; attempt++) {
    try {
      return await fetchArtifact(control, connection, wanted, signal);
    } catch (error) {
      const isBusy = FlwrError.from(error).code === "unavailable";
      if (!isBusy || attempt === FETCH_ATTEMPTS) throw error;
      await systemClock.sleep(attempt, signal);
    }
  }
}
