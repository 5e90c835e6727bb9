import type { PieceRecord, PieceTable } from "../runs/piece_table.ts";
import { mostUrgent } from "./due.ts";
import type { Journal } from "./journal.ts";
import { Multimap } from "./multimap.ts";

/** The pieces of attachments of an in-memory store. */
export class PieceMap {
  readonly byHash = new Map<string, PieceRecord>();
  readonly bytes = new Map<string, Uint8Array>();
  readonly ofFab = new Multimap<string, string>();
  readonly fabsOf = new Multimap<string, string>();
}

/** {@link PieceTable} in memory, for one transaction. */
export class MemoryPieces implements PieceTable {
  readonly #map: PieceMap;
  readonly #journal: Journal;

  constructor(map: PieceMap, journal: Journal) {
    this.#map = map;
    this.#journal = journal;
  }

  get(hash: string): Promise<PieceRecord | undefined> {
    return Promise.resolve(this.#map.byHash.get(hash));
  }

  bytes(hash: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#map.bytes.get(hash));
  }

  total(): Promise<{ pieces: number; bytes: number }> {
    const bytes = this.#map.byHash.values().reduce((sum, { size }) => sum + size, 0);
    return Promise.resolve({ pieces: this.#map.byHash.size, bytes });
  }

  due(now: number, limit: number): Promise<PieceRecord[]> {
    return Promise.resolve(mostUrgent(this.#map.byHash.values(), now, limit));
  }

  add(piece: PieceRecord, bytes: Uint8Array): Promise<void> {
    this.#journal.set(this.#map.byHash, piece.hash, piece);
    // Copied, because the piece is a view of a larger request, which would stay in memory with it.
    this.#journal.set(this.#map.bytes, piece.hash, new Uint8Array(bytes));
    return Promise.resolve();
  }

  setDue(hash: string, dueAt: number | undefined): Promise<void> {
    const { size } = this.#map.byHash.get(hash)!;
    const piece = { hash, size, ...(dueAt !== undefined && { dueAt }) };
    this.#journal.set(this.#map.byHash, hash, piece);
    return Promise.resolve();
  }

  remove(hash: string): Promise<void> {
    this.#journal.delete(this.#map.byHash, hash);
    this.#journal.delete(this.#map.bytes, hash);
    return Promise.resolve();
  }

  ofFab(fabHash: string): Promise<string[]> {
    return Promise.resolve([...this.#map.ofFab.of(fabHash)]);
  }

  isOf(fabHash: string, hash: string): Promise<boolean> {
    return Promise.resolve(this.#map.ofFab.has(fabHash, hash));
  }

  isNeeded(hash: string): Promise<boolean> {
    return Promise.resolve([...this.#map.fabsOf.of(hash)].length > 0);
  }

  need(fabHash: string, hash: string): Promise<void> {
    this.#map.ofFab.add(this.#journal, fabHash, hash);
    this.#map.fabsOf.add(this.#journal, hash, fabHash);
    return Promise.resolve();
  }

  release(fabHash: string): Promise<void> {
    for (const hash of [...this.#map.ofFab.of(fabHash)]) {
      this.#map.ofFab.remove(this.#journal, fabHash, hash);
      this.#map.fabsOf.remove(this.#journal, hash, fabHash);
    }
    return Promise.resolve();
  }
}
