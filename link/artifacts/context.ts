import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { RunTable } from "../runs/run_table.ts";
import type { Transacts } from "../transactions/transactions.ts";
import type { ArtifactTable } from "./artifact_table.ts";

/** What operations on artifacts work with. */
export interface ArtifactContext extends Transacts<ArtifactTransaction, ArtifactEvent> {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: ArtifactLimits;
}

/** What a transaction on artifacts reads and writes. */
export interface ArtifactTransaction {
  readonly runs: RunTable;
  readonly artifacts: ArtifactTable;
}

/** What happens to artifacts. */
export type ArtifactEvent = /** A run's ServerApp kept a file, whole now. */
  {
    readonly kind: "artifact-saved";
    readonly runId: bigint;
    readonly name: string;
    readonly size: number;
  };

/** What bounds artifacts. Times are in seconds. */
export interface ArtifactLimits {
  /** How many artifacts a run may have: one for each of a thousand rounds. */
  readonly maxArtifactsPerRun: number;
  /**
   * How many bytes a run's artifacts may have together: half of what a .zip holds that every program reads (4 GiB), and
   * as much as a store in memory can hold beside the messages of other runs.
   */
  readonly maxArtifactBytesPerRun: number;
  /** The largest piece of an artifact, in bytes: as Flower's chunks of arrays; none is ever whole in memory. */
  readonly maxArtifactPieceBytes: number;
  /** The smallest piece but for the last, in bytes: so a whole run's artifacts have 2048 pieces and the last of each. */
  readonly minArtifactPieceBytes: number;
}

/** What bounds artifacts when nothing else is said. */
export const DEFAULT_ARTIFACT_LIMITS: ArtifactLimits = {
  maxArtifactsPerRun: 1000,
  maxArtifactBytesPerRun: 2 * 2 ** 30,
  maxArtifactPieceBytes: 5 * 2 ** 20,
  minArtifactPieceBytes: 2 ** 20,
};
