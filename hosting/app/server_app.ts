import { type ArtifactStore, RunArtifacts } from "../../app/artifacts.ts";
import { RunCheckpoints } from "../../app/checkpoint/run_checkpoints.ts";
import type { AttachedState } from "../../app/checkpoint/attached_state.ts";
import type { CheckpointStore } from "../../app/checkpoints.ts";
import { ConfigRecord } from "../../app/config_record.ts";
import type { DriverConnection } from "../../app/connection.ts";
import { Grid } from "../../app/grid.ts";
import type { EventSink } from "../../app/journal/event_sink.ts";
import { JournalReporter } from "../../app/journal/journal_reporter.ts";
import { HistoryArtifact } from "../../app/history/history_artifact.ts";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { RecordDict } from "../../app/record_dict.ts";
import type { ServerApp } from "../../app/server_app.ts";
import { unlessAborted } from "../../base/aborted.ts";
import { drawingFrom } from "../../base/current_random.ts";
import { FlwrError } from "../../base/error.ts";
import { type Random, systemRandom } from "../../base/random.ts";
import type { Compute } from "../../ml/engine/compute.ts";
import type { RunReport } from "./report.ts";

/** A run to create, and the ServerApp that drives it. */
export interface ServerAppRun {
  readonly app: ServerApp;
  /** Used by the app's models (default: this machine). */
  readonly compute?: Compute;
  readonly connection: DriverConnection;
  readonly runConfig: ConfigRecord;
  readonly report: RunReport;
  /** Whether progress lines always show node ids. Default: only where names are missing or ambiguous. */
  readonly showIds?: boolean;
  /** Returns the store for the run's artifacts. */
  readonly artifactsOf: (runId: bigint) => ArtifactStore;
  /** Returns the store for the run's checkpoints (default: none are saved). */
  readonly checkpointsOf?: (runId: bigint) => CheckpointStore;
  /** Returns where the run's events are kept (default: nowhere). */
  readonly eventsOf?: (runId: bigint) => EventSink;
  /** State that is saved and restored with each checkpoint (default: none). */
  readonly attachedState?: AttachedState;
  /** The source of random numbers for what has none of its own (default: the machine). */
  readonly random?: Random;
  /** Stops the run. */
  readonly signal: AbortSignal;
}

/**
 * Creates a run on the SuperLink and runs the ServerApp to its end.
 *
 * @throws the error that the ServerApp throws; FlwrError "cancelled" when the signal stopped the run
 */
export async function runServerApp(
  run: ServerAppRun,
): Promise<void> {
  const { app, compute, connection, runConfig, report, showIds, artifactsOf, signal } = run;
  const runId = await orStopped(connection.createRun(), signal);
  const store = run.checkpointsOf?.(runId);
  const checkpoints = new RunCheckpoints(store ?? NO_CHECKPOINTS, run.attachedState);
  const grid = new Grid(connection, runId, {
    signal,
    showIds,
    ...(store !== undefined && { checkpoints }),
  });
  report.follow(grid);
  const sink = run.eventsOf?.(runId);
  const journal = sink && new JournalReporter(grid, sink);
  const history = new HistoryArtifact(grid, runConfig, artifactsOf(runId));
  const artifacts = new RunArtifacts(history, (name, size) => report.saved(name, size));
  const context = {
    runId,
    nodeId: SUPERLINK_NODE_ID,
    nodeConfig: new ConfigRecord(),
    state: new RecordDict(),
    runConfig,
    artifacts,
    checkpoint: checkpoints.own,
    compute,
  };
  try {
    const main = drawingFrom(run.random ?? systemRandom, () => app.run(grid, context));
    await orStopped(main.then(() => artifacts.settled()), signal);
    report.note(await orStopped(history.saveHistory(), signal));
    await journal?.settled();
    report.finished();
  } catch (error) {
    // A run that was stopped can go on from its last round.
    await checkpoints.settled();
    const failure = FlwrError.from(error);
    report.failed(failure);
    // The SuperLink takes nothing from a run that it has ended.
    if (!(signal.reason instanceof FlwrError)) {
      report.note(await history.saveHistory(failure.message));
      await journal?.settled();
    }
    throw error;
  }
}

const NO_CHECKPOINTS: CheckpointStore = {
  save: () => Promise.resolve(false),
  load: () => Promise.resolve(undefined),
};

/** The result of some work of a run, or an error as soon as the run is stopped. */
function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return unlessAborted(
    work,
    signal,
    () => {
      const { reason } = signal;
      // The SuperLink has ended the run.
      if (reason instanceof FlwrError) return reason;
      return new FlwrError("cancelled", `The run was stopped by ${String(reason)}`);
    },
  );
}
