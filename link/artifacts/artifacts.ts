/** A piece of an artifact, as a ServerApp uploads it. */
export interface ArtifactPiece {
  /** Name of the artifact; see base/artifact_name.ts. */
  readonly name: string;
  /** Size of the whole file in bytes; the same in each piece. */
  readonly size: number;
  /** Start of the piece in the file, in bytes. Pieces must arrive in order. Offset 0 restarts the upload. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A complete artifact: a file that a run's ServerApp saved. */
export interface LinkArtifact {
  readonly artifactId: bigint;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly crc32: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** Unix time in seconds. */
  readonly savedAt: number;
}

/** The artifacts of runs. */
export interface Artifacts {
  /**
   * Stores a piece of an artifact of a running run. The artifact becomes visible with its last piece and then replaces
   * an
   * earlier artifact with the same name. Repeating a piece has no effect and returns the same result.
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
  /** The piece that starts at an offset; undefined at the end of the file, or if the artifact does not exist. */
  readPiece(artifactId: bigint, offset: number): Promise<Uint8Array | undefined>;
}
