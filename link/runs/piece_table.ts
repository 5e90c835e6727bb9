/** A piece of an attachment, a file of an app that is not in its bundle. */
export interface PieceRecord {
  /** SHA-256 of its bytes, lower-case hexadecimal. */
  readonly hash: string;
  readonly size: number;
  /** When it goes: Unix time in seconds. Undefined while a bundle of the store needs it. */
  readonly dueAt?: number;
}

/** The pieces of attachments in a store, by the SHA-256 of their bytes, and the bundles that need them. */
export interface PieceTable {
  get(hash: string): Promise<PieceRecord | undefined>;
  bytes(hash: string): Promise<Uint8Array | undefined>;
  /** How many there are, and their bytes. */
  total(): Promise<{ readonly pieces: number; readonly bytes: number }>;
  /** Those that are due at `now`, the most urgent first, no more than `limit`. */
  due(now: number, limit: number): Promise<PieceRecord[]>;
  /** Adds a piece that is not there yet. */
  add(piece: PieceRecord, bytes: Uint8Array): Promise<void>;
  /** Changes when a piece that is there goes. */
  setDue(hash: string, dueAt: number | undefined): Promise<void>;
  /** Removes a piece that no bundle needs. */
  remove(hash: string): Promise<void>;
  /** What a bundle needs. */
  ofFab(fabHash: string): Promise<string[]>;
  /** Whether the bundle needs the piece. */
  isOf(fabHash: string, hash: string): Promise<boolean>;
  /** Whether any bundle needs it. */
  isNeeded(hash: string): Promise<boolean>;
  /** The bundle needs a piece that is there. */
  need(fabHash: string, hash: string): Promise<void>;
  /** The bundle needs none any more. */
  release(fabHash: string): Promise<void>;
}
