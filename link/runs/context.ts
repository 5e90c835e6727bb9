import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { LongPollContext } from "../transactions/long_poll.ts";
import type { SweepLimits, SweepTime } from "../transactions/sweep_time.ts";
import type { ServerLease, ServerTransaction } from "../transactions/server_lease.ts";
import type { Effects, Transacts } from "../transactions/transactions.ts";
import type { NodeSettingsTable } from "./node_settings_table.ts";
import type { PieceTable } from "./piece_table.ts";
import type { RunState } from "../../entities/run.ts";
import type { FabTable, LogTable, RunTable } from "./run_table.ts";
import type { TrafficMeter } from "./traffic.ts";

/** State and services that operations on runs use. */
export interface RunContext extends Transacts<RunTransaction, RunEvent>, LongPollContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: RunLimits & SweepLimits & LongPollContext["limits"];
  /** This SuperLink among those that share the store. */
  readonly server: ServerLease;
  readonly traffic: TrafficMeter;
  /** When the housekeeper next checks the limits of finished runs. */
  readonly retention: SweepTime;
}

/** Tables that a transaction on runs reads and writes. */
export interface RunTransaction extends ServerTransaction {
  readonly runs: RunTable;
  readonly logs: LogTable;
  readonly fabs: FabTable;
  readonly nodeSettings: NodeSettingsTable;
  readonly pieces: PieceTable;
  readonly runDependents: RunDependents;
}

/** What a run has saved. */
export interface SavedByRun {
  /** Whether there is a checkpoint to go on from. */
  readonly checkpoints: boolean;
  /** Whether there is a count of what it released. */
  readonly releases: boolean;
  /** Whether there are artifacts for users. */
  readonly artifacts: boolean;
}

/** Messages and artifacts of runs, as transactions on runs update them. */
export interface RunDependents {
  /** Whether the run has unfinished instructions. */
  isBusy(runId: bigint): Promise<boolean>;
  /** Cancels the messages of a run that ends and removes its incomplete artifacts. @returns bytes of the others */
  ended(runId: bigint): Promise<number>;
  /** What the run has saved. */
  saved(runId: bigint): Promise<SavedByRun>;
  /** Removes the run's artifacts. */
  removeArtifacts(runId: bigint): Promise<void>;
  /** Removes some of the run's records in the journal. @returns whether there may be more */
  removeJournal(runId: bigint): Promise<boolean>;
  /** Removes the messages and artifacts of a run that is about to be removed. */
  removed(runId: bigint): Promise<void>;
}

export type RunEffects = Effects<RunEvent>;

/** An event of a run. */
export type RunEvent =
  | { readonly kind: "run-created"; readonly runId: bigint }
  /** A process claimed the run. */
  | { readonly kind: "run-claimed"; readonly runId: bigint }
  /** The process that claimed the run did not begin it in time. The run can be claimed again. */
  | { readonly kind: "run-released"; readonly runId: bigint }
  | { readonly kind: "run-began"; readonly runId: bigint }
  /** The run's process is gone. The run can be claimed again, and continues from its last checkpoint. */
  | { readonly kind: "run-interrupted"; readonly runId: bigint; readonly reason: string }
  /** Unanswered instructions of the run are cancelled; there are no events for them. */
  | {
    readonly kind: "run-finished";
    readonly runId: bigint;
    readonly state: RunState;
    readonly details: string;
  }
  /** Logs, artifacts or the runs themselves were removed, because a limit of finished runs was exceeded. */
  | { readonly kind: "run-logs-removed"; readonly runIds: readonly bigint[] }
  | { readonly kind: "run-artifacts-removed"; readonly runIds: readonly bigint[] }
  | { readonly kind: "runs-removed"; readonly runIds: readonly bigint[] };

/** Limits of runs. Times are in seconds. */
export interface RunLimits {
  /** Time in which a claimed run must begin (Flower 1.41). */
  readonly claimSeconds: number;
  /** Longest time between heartbeats of a running ServerApp (Flower 1.41, which sends one every 17.5 to 22.5 s). */
  readonly taskTimeoutSeconds: number;
  /**
   * How long the ServerApp of a run that was started by hand may go without a heartbeat. Heartbeats come from the
   * thread that runs the app, which may compute for a long time, and from computers that sleep at night.
   */
  readonly handStartedRunSeconds: number;
  /**
   * Time after which a run without heartbeats ends if it sends no instructions and has none open, because its wire (Flower
   * 1.9) has no call to end a run. As long as the largest ttl of an instruction.
   */
  readonly unheardRunSeconds: number;
  /** How often a run may be interrupted without saving a checkpoint in between, before it fails. */
  readonly maxVainResumes: number;
  /** How often a run may be interrupted in total. */
  readonly maxResumes: number;
  /** Largest log of one run, in bytes of UTF-8. The oldest entries are removed. */
  readonly maxLogBytesPerRun: number;
  /** Longest entry of a log, in UTF-16 code units. Logs are read and trimmed in whole entries. At least 2. */
  readonly maxLogEntryLength: number;
  /** Number of finished runs to keep; the run that finished first is removed first. Infinity keeps all. */
  readonly maxFinishedRuns: number;
  /** Largest total of the logs of finished runs, in bytes of UTF-8. Logs are removed before their runs. */
  readonly maxFinishedLogBytes: number;
  /**
   * Largest total of the artifacts of finished runs, in bytes. Artifacts are removed before their runs. The default is
   * five times the limit of one run. An in-memory store keeps them in memory.
   */
  readonly maxFinishedArtifactBytes: number;
  /** Time for which a finished run is kept regardless of these three limits, because a client may wait for its end. */
  readonly finishedRunGraceSeconds: number;
  /** Number of log entries that the housekeeper removes before it checks the time. */
  readonly housekeepingLogEntries: number;
  /** Largest piece of an attachment, in bytes; FABs use this size. */
  readonly maxPieceBytes: number;
  /** Largest number of pieces named in one call. A FAB has at most 288. */
  readonly maxNamedPieces: number;
  /** Largest number of stored pieces; the default is enough for about fourteen of the largest FABs. */
  readonly maxPieces: number;
  /**
   * Largest total of stored pieces, in bytes; the default is enough for four of the largest FABs. An in-memory store
   * keeps them in memory.
   */
  readonly maxAttachedBytes: number;
  /** Time for which a piece that no FAB needs is kept. Anyone who can reach the Control API can upload pieces. */
  readonly sparePieceSeconds: number;
}

/** Default limits of runs. */
export const DEFAULT_RUN_LIMITS: RunLimits = {
  claimSeconds: 30,
  taskTimeoutSeconds: 60,
  handStartedRunSeconds: 86_400,
  unheardRunSeconds: 30 * 86_400,
  maxVainResumes: 9,
  maxResumes: 100,
  maxLogBytesPerRun: 16 * 2 ** 20,
  maxLogEntryLength: 64 * 2 ** 10,
  maxFinishedRuns: 10_000,
  maxFinishedLogBytes: 512 * 2 ** 20,
  maxFinishedArtifactBytes: 10 * 2 ** 30,
  finishedRunGraceSeconds: 60,
  housekeepingLogEntries: 1000,
  maxPieceBytes: 4 * 2 ** 20,
  maxNamedPieces: 512,
  maxPieces: 4096,
  maxAttachedBytes: 4 * 2 ** 30,
  sparePieceSeconds: 3600,
};
