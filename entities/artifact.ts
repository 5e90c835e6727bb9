/** A piece of a file that a run's ServerApp keeps. */
export interface ArtifactPiece {
  /** What base/artifact_name.ts takes. */
  readonly name: string;
  /** Bytes of the whole file: the same with each of its pieces. */
  readonly size: number;
  /** Where in it the piece begins. The pieces come in order; offset 0 begins the file anew. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A file that a run's ServerApp kept, whole. */
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
