import type { Effects } from "../transactions/transactions.ts";

/** Counts what was added to the journal, because counting all in the store takes long. */
export class AddedSince {
  // As if many had been added, because an earlier process may have had other limits.
  #count = Infinity;
  readonly #bytes = new Map<bigint, number>();

  /** Number of records. */
  get count(): number {
    return this.#count;
  }

  /** Bytes that the ServerApp of a run has reported. */
  bytesOf(runId: bigint): number {
    return this.#bytes.get(runId) ?? 0;
  }

  /** The runs whose ServerApps have reported at least this many bytes. */
  runsFrom(bytes: number): bigint[] {
    return [...this.#bytes].filter(([, reported]) => reported >= bytes).map(([runId]) => runId);
  }

  /** Counts records when the transaction commits. */
  add(effects: Effects<never>, count: number): void {
    effects.after(() => {
      this.#count += count;
    });
  }

  /** Counts what a ServerApp reports when the transaction commits. */
  addBytes(effects: Effects<never>, runId: bigint, bytes: number): void {
    effects.after(() => {
      this.#bytes.set(runId, this.bytesOf(runId) + bytes);
    });
  }

  /** Counts from 0 again. */
  reset(): void {
    this.#count = 0;
    this.#bytes.clear();
  }
}
