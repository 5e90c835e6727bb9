import type { ArtifactPiece, LinkArtifact } from "../../entities/artifact.ts";

/** The files that runs keep. */
export interface Artifacts {
  /**
   * Takes a piece of a file that a running run's ServerApp keeps. The file is there once its last piece is, in the place
   * of an earlier one of its name; a piece that came before is answered as then.
   *
   * @returns whether the file is whole now
   * @throws not-found; failed-precondition when the run is not running, or the piece does not follow the one before;
   *   invalid-argument for a name, size or piece that cannot be; resource-exhausted beyond the limits of a run
   */
  putPiece(runId: bigint, piece: ArtifactPiece): Promise<boolean>;
  /**
   * The whole files of a run, in the order of their names; none any more when those of newer runs are as large as
   * limits.maxFinishedArtifactBytes.
   *
   * @throws not-found
   */
  list(runId: bigint): Promise<LinkArtifact[]>;
  /** The piece of a file that begins at an offset; undefined at its end, and for one that is not there (any more). */
  readPiece(artifactId: bigint, offset: number): Promise<Uint8Array | undefined>;
}
