/** An artifact is for users. A checkpoint is for the ServerApp of a run that goes on: no user sees it. */
export type ArtifactKind = "artifact" | "checkpoint";

/**
 * Ending of the name of a checkpoint that has what a strategy released in a round that may not be over. It is saved before
 * the round's result, so it is no progress: a run that ends in each round after it must not be repeated for ever.
 */
export const RELEASES_SUFFIX = "-releases";

/** A piece of an artifact, as a ServerApp uploads it. */
export interface ArtifactPiece {
  /** Default "artifact". Artifacts and checkpoints have names and limits of their own. */
  readonly kind?: ArtifactKind;
  /** Name of the artifact; see base/artifact_name.ts. */
  readonly name: string;
  /** Size of the whole file in bytes; the same in each piece. */
  readonly size: number;
  /** Start of the piece in the file, in bytes. Pieces must arrive in order. Offset 0 restarts the upload. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A piece of a stored checkpoint. */
export interface CheckpointPiece {
  /** Size of the whole checkpoint, in bytes. */
  readonly size: number;
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
