import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { RunTable } from "../runs/run_table.ts";
import type { Transacts } from "../transactions/transactions.ts";
import type { ArtifactTable } from "./artifact_table.ts";

/** State and services that operations on artifacts use. */
export interface ArtifactContext extends Transacts<ArtifactTransaction, ArtifactEvent> {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: ArtifactLimits;
}

/** Tables that a transaction on artifacts reads and writes. */
export interface ArtifactTransaction {
  readonly runs: RunTable;
  readonly artifacts: ArtifactTable;
}

/** An event of an artifact: a ServerApp has saved a complete file. */
export type ArtifactEvent =
  | {
    readonly kind: "artifact-saved";
    readonly runId: bigint;
    readonly name: string;
    /** In bytes. */
    readonly size: number;
  }
  /** A checkpoint from which the run can continue. */
  | { readonly kind: "checkpoint-saved"; readonly runId: bigint };

/** Limits of artifacts. */
export interface ArtifactLimits {
  /** Largest number of artifacts of a run. The default is enough for one in each of a thousand rounds. */
  readonly maxArtifactsPerRun: number;
  /**
   * Largest total of a run's artifacts, in bytes. The default is half of the 4 GiB that every zip program can read, and
   * leaves an in-memory store room for messages.
   */
  readonly maxArtifactBytesPerRun: number;
  /** Largest number of checkpoints of a run: one for each strategy that its ServerApp starts. */
  readonly maxCheckpointsPerRun: number;
  /** Largest total of a run's checkpoints, in bytes, as for artifacts. */
  readonly maxCheckpointBytesPerRun: number;
  /** Largest piece of an artifact, in bytes, like Flower's array chunks. A whole artifact is never in memory. */
  readonly maxArtifactPieceBytes: number;
  /** Smallest piece except for the last, in bytes. It bounds the number of pieces of a run. */
  readonly minArtifactPieceBytes: number;
}

/** Default limits of artifacts. */
export const DEFAULT_ARTIFACT_LIMITS: ArtifactLimits = {
  maxArtifactsPerRun: 1000,
  maxArtifactBytesPerRun: 2 * 2 ** 30,
  maxCheckpointsPerRun: 100,
  maxCheckpointBytesPerRun: 2 * 2 ** 30,
  maxArtifactPieceBytes: 5 * 2 ** 20,
  minArtifactPieceBytes: 2 ** 20,
};
