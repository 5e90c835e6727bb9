import type { ArtifactKind } from "../../entities/artifact.ts";

/** A stored artifact: a file that a run's ServerApp saved, complete or still uploading. */
export interface ArtifactRecord {
  readonly artifactId: bigint;
  readonly runId: bigint;
  readonly kind: ArtifactKind;
  readonly name: string;
  /** Size of the complete file, in bytes. */
  readonly size: number;
  /** Bytes received so far, from the start of the file. */
  readonly received: number;
  /** CRC-32 of the received bytes, which a zip archive of the artifacts needs. */
  readonly crc32: number;
  /** SHA-256 of the file, lower-case hexadecimal; undefined until it is complete. */
  readonly sha256?: string;
  /** Unix time in seconds at which the last piece arrived. */
  readonly savedAt: number;
}

/** Table of artifacts, with their bytes in pieces. */
export interface ArtifactTable {
  get(artifactId: bigint): Promise<ArtifactRecord | undefined>;
  /** All artifacts of a run, including incomplete ones, of both kinds, ordered by name. */
  ofRun(runId: bigint): Promise<ArtifactRecord[]>;
  /** Adds an artifact, or replaces the record with the same id. Pieces are not changed. */
  put(artifact: ArtifactRecord): Promise<void>;
  /** Removes an artifact and its pieces. */
  remove(artifactId: bigint): Promise<void>;
  /** Adds a piece to an existing artifact. @param offset start of the piece in the file, in bytes */
  addPiece(artifactId: bigint, offset: number, bytes: Uint8Array): Promise<void>;
  /** The piece that starts at an offset. */
  piece(artifactId: bigint, offset: number): Promise<Uint8Array | undefined>;
}
