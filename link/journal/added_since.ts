import type { Effects } from "../transactions/transactions.ts";

/** Counts the records that were added, because counting all in the store takes long. */
export class AddedSince {
  // As if many had been added, because an earlier process may have had other limits.
  #count = Infinity;

  get count(): number {
    return this.#count;
  }

  /** Counts records when the transaction commits. */
  add(effects: Effects<never>, count: number): void {
    effects.after(() => {
      this.#count += count;
    });
  }

  /** Counts from 0 again. */
  reset(): void {
    this.#count = 0;
  }
}
