import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Holds } from "../transactions/hold.ts";
import type { SweepLimits, SweepTime } from "../transactions/sweep_time.ts";
import type { Effects, Transacts } from "../transactions/transactions.ts";
import type { RunOutcomes } from "./outcomes.ts";
import type { PieceTable } from "./piece_table.ts";
import type { RunState } from "../../entities/run.ts";
import type { FabTable, LogTable, RunTable } from "./run_table.ts";
import type { TrafficMeter } from "./traffic.ts";

/** What operations on runs work with. */
export interface RunContext extends Transacts<RunTransaction, RunEvent>, Holds {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: RunLimits & SweepLimits & Holds["limits"];
  readonly traffic: TrafficMeter;
  readonly outcomes: RunOutcomes;
  /** When the housekeeper looks next whether too much is kept of finished runs. */
  readonly retention: SweepTime;
}

/** What a transaction on runs reads and writes. */
export interface RunTransaction {
  readonly runs: RunTable;
  readonly logs: LogTable;
  readonly fabs: FabTable;
  readonly pieces: PieceTable;
  readonly runDependents: RunDependents;
}

/** What depends on runs, and takes part in their transactions: their messages and artifacts. */
export interface RunDependents {
  /** Whether messages of the run are under way. */
  isBusy(runId: bigint): Promise<boolean>;
  /** The run ends: its messages are void, artifacts that are not whole go. @returns bytes of its artifacts */
  ended(runId: bigint): Promise<number>;
  /** The run's artifacts go. */
  removeArtifacts(runId: bigint): Promise<void>;
  /** The run is about to be removed, and all that is left of it. */
  removed(runId: bigint): Promise<void>;
}

export type RunEffects = Effects<RunEvent>;

/** What happens to runs. */
export type RunEvent =
  | { readonly kind: "run-created"; readonly runId: bigint }
  /** Somebody took the run on. */
  | { readonly kind: "run-claimed"; readonly runId: bigint }
  /** Who took the run on did not begin it in time: it can be claimed again. */
  | { readonly kind: "run-released"; readonly runId: bigint }
  | { readonly kind: "run-began"; readonly runId: bigint }
  /** Its unanswered instructions are void: nothing more is told about them. */
  | {
    readonly kind: "run-finished";
    readonly runId: bigint;
    readonly state: RunState;
    readonly details: string;
  }
  /** Of finished runs, so many are kept and so much of their logs and artifacts: the oldest went. */
  | { readonly kind: "run-logs-removed"; readonly runIds: readonly bigint[] }
  | { readonly kind: "run-artifacts-removed"; readonly runIds: readonly bigint[] }
  | { readonly kind: "runs-removed"; readonly runIds: readonly bigint[] };

/** What bounds runs. Times are in seconds. */
export interface RunLimits {
  /** How long who took on a run has to begin it (Flower 1.41). */
  readonly claimSeconds: number;
  /** How long a running ServerApp may be silent (Flower 1.41; its heartbeats come every 17.5 to 22.5 s). */
  readonly taskTimeoutSeconds: number;
  /**
   * How long the ServerApp of a run that a user started by hand may be silent. Its heartbeats come from the thread that
   * runs the app, which may compute for long, and from computers that sleep at night.
   */
  readonly handStartedRunSeconds: number;
  /**
   * How long a ServerApp without heartbeats may neither send instructions nor wait for replies: Flower 1.9's wire cannot
   * say that a run is over. It is as long as an instruction may be valid.
   */
  readonly unheardRunSeconds: number;
  /** How much is kept of what one run's ServerApp wrote, in bytes of UTF-8. */
  readonly maxLogBytesPerRun: number;
  /** The longest entry of a log, in UTF-16 code units: logs are read and cut in whole entries. At least 2. */
  readonly maxLogEntryLength: number;
  /** How many finished runs are remembered; the first to have finished goes first. Infinity for all. */
  readonly maxFinishedRuns: number;
  /** How much the logs of finished runs may have together, in bytes of UTF-8; they go before their runs do. */
  readonly maxFinishedLogBytes: number;
  /**
   * How many bytes the artifacts of finished runs may have together; they go before their runs do. Those of five of
   * the largest runs fit; a store in memory holds them too.
   */
  readonly maxFinishedArtifactBytes: number;
  /** How long all of a finished run is kept whatever these three limits say: somebody may wait for its end. */
  readonly finishedRunGraceSeconds: number;
  /** How many entries of a log it removes before it looks at the time. */
  readonly housekeepingLogEntries: number;
  /** The largest piece of an attachment, in bytes: what bundles divide them into. */
  readonly maxPieceBytes: number;
  /** How many pieces one call names: a bundle has 288 at most. */
  readonly maxNamedPieces: number;
  /** How many pieces of attachments are kept: those of sixteen of the largest bundles. */
  readonly maxPieces: number;
  /** How many bytes these have together: those of four of the largest bundles. A store in memory holds them too. */
  readonly maxAttachedBytes: number;
  /** How long a piece that no bundle needs is kept. Anyone who reaches the Control API may send pieces. */
  readonly sparePieceSeconds: number;
}

/** What bounds runs when nothing else is said. */
export const DEFAULT_RUN_LIMITS: RunLimits = {
  claimSeconds: 30,
  taskTimeoutSeconds: 60,
  handStartedRunSeconds: 86_400,
  unheardRunSeconds: 30 * 86_400,
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
