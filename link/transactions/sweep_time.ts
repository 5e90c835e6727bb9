import type { Effects } from "./transactions.ts";

/** How much one transaction of the housekeeper does. */
export interface SweepLimits {
  /** How many instructions, nodes and runs it settles in one transaction. */
  readonly housekeepingBatch: number;
  /** How long, in seconds, one such transaction may begin to settle more: nobody is answered meanwhile. */
  readonly housekeepingSeconds: number;
}

/** When the housekeeper looks next whether too much is kept: of finished runs, of nodes that are away. */
export class SweepTime {
  // What an earlier process left was perhaps kept under other limits.
  #dueAt = 0;

  /** Unix time in seconds; Infinity for not before something more is kept. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** Look at this Unix time in seconds, or earlier, once this is committed. */
  expect(effects: Effects<never>, dueAt: number): void {
    effects.after(() => {
      this.#dueAt = Math.min(this.#dueAt, dueAt);
    });
  }

  /** They are looked at in this transaction. */
  begin(effects: Effects<never>): void {
    effects.after(() => {
      this.#dueAt = Infinity;
    });
  }
}
