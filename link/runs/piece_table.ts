/** A piece of an attachment. Attachments are files of an app that are not in its FAB. */
export interface PieceRecord {
  /** SHA-256 of its bytes, lower-case hexadecimal. */
  readonly hash: string;
  readonly size: number;
  /** Unix time in seconds at which the piece is removed; undefined while a stored FAB needs it. */
  readonly dueAt?: number;
}

/** Table of pieces, by the SHA-256 of their bytes, and of the FABs that need them. */
export interface PieceTable {
  get(hash: string): Promise<PieceRecord | undefined>;
  bytes(hash: string): Promise<Uint8Array | undefined>;
  /** Number of pieces and the sum of their bytes. */
  total(): Promise<{ readonly pieces: number; readonly bytes: number }>;
  /** Pieces with `dueAt` ≤ `now`, earliest first. */
  due(now: number, limit: number): Promise<PieceRecord[]>;
  /** Adds a piece. It must not exist. */
  add(piece: PieceRecord, bytes: Uint8Array): Promise<void>;
  /** Sets `dueAt` of an existing piece. */
  setDue(hash: string, dueAt: number | undefined): Promise<void>;
  /** Removes a piece that no FAB needs. */
  remove(hash: string): Promise<void>;
  /** Hashes of the pieces that a FAB needs. */
  ofFab(fabHash: string): Promise<string[]>;
  /** Whether a FAB needs a piece. */
  isOf(fabHash: string, hash: string): Promise<boolean>;
  /** Whether any FAB needs a piece. */
  isNeeded(hash: string): Promise<boolean>;
  /** Records that a FAB needs an existing piece. */
  need(fabHash: string, hash: string): Promise<void>;
  /** Records that a FAB no longer needs its pieces. */
  release(fabHash: string): Promise<void>;
}
