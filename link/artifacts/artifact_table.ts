/** A file that a run's ServerApp keeps, as it is stored: whole, or on its way. */
export interface ArtifactRecord {
  readonly artifactId: bigint;
  readonly runId: bigint;
  readonly name: string;
  /** Bytes that it has when it is whole. */
  readonly size: number;
  /** Bytes that are there: its first. */
  readonly received: number;
  /** CRC-32 of those, which an archive names. */
  readonly crc32: number;
  /** SHA-256 of its bytes, lower-case hexadecimal; undefined until it is whole. */
  readonly sha256?: string;
  /** Unix time in seconds of its last piece. */
  readonly savedAt: number;
}

/** The artifacts of a store, and their bytes in pieces. */
export interface ArtifactTable {
  get(artifactId: bigint): Promise<ArtifactRecord | undefined>;
  /** All of a run, those on their way too, in the order of their names. */
  ofRun(runId: bigint): Promise<ArtifactRecord[]>;
  /** Adds the artifact or replaces the one with its id; the pieces stay. */
  put(artifact: ArtifactRecord): Promise<void>;
  /** Removes an artifact with its pieces. */
  remove(artifactId: bigint): Promise<void>;
  /** Adds a piece to an artifact that is there. @param offset where it begins */
  addPiece(artifactId: bigint, offset: number, bytes: Uint8Array): Promise<void>;
  /** The piece that begins there. */
  piece(artifactId: bigint, offset: number): Promise<Uint8Array | undefined>;
}
