import type { ArtifactPiece, CheckpointPiece, LinkArtifact } from "../../entities/artifact.ts";

/** The artifacts of runs. */
export interface Artifacts {
  /**
   * Stores a piece of an artifact of a running run. The artifact becomes visible with its last piece and then replaces
   * an earlier artifact with the same name. Repeating a piece has no effect and returns the same result.
   *
   * @returns whether the artifact is now complete
   * @throws not-found; failed-precondition if the run is not running or the piece does not follow the previous one;
   *   invalid-argument for an invalid name, size or piece; resource-exhausted beyond the limits of a run
   */
  putPiece(runId: bigint, piece: ArtifactPiece): Promise<boolean>;
  /**
   * The complete artifacts of a run, ordered by name. Empty after they were removed because of
   * limits.maxFinishedArtifactBytes.
   *
   * @throws not-found
   */
  list(runId: bigint): Promise<LinkArtifact[]>;
  /**
   * The piece of a run's checkpoint that starts at an offset. A run that resumes another one gets that run's
   * checkpoint until it has saved its own.
   *
   * @returns undefined if there is no checkpoint with this name, or at its end
   * @throws not-found; failed-precondition if the checkpoints of the resumed run were removed
   */
  readCheckpoint(runId: bigint, name: string, offset: number): Promise<CheckpointPiece | undefined>;
  /** The piece that starts at an offset; undefined at the end of the file, or if the artifact does not exist. */
  readPiece(artifactId: bigint, offset: number): Promise<Uint8Array | undefined>;
}
