import type { Clock } from "../../base/clock.ts";
import type { Effects } from "./transactions.ts";

/** Limits of one transaction of the housekeeper. */
export interface SweepLimits {
  /** Number of instructions, nodes and runs to handle in one transaction. */
  readonly housekeepingBatch: number;
  /** Seconds after which a transaction starts no further record, because no other call is answered meanwhile. */
  readonly housekeepingSeconds: number;
}

/** When the housekeeper next checks a limit: of finished runs, or of absent nodes. */
export class SweepTime {
  readonly #everySeconds: number;
  readonly #clock: Clock;
  // Due at once, because an earlier process may have had other limits.
  #dueAt = 0;

  /**
   * @param everySeconds longest time between two checks: Infinity unless other SuperLinks share the store, because what
   *   they do is not heard of
   */
  constructor(clock: Clock, everySeconds: number) {
    this.#clock = clock;
    this.#everySeconds = everySeconds;
  }

  /** Unix time in seconds of the next check; Infinity if none is scheduled. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** Schedules a check at this Unix time in seconds or earlier, when the transaction commits. */
  expect(effects: Effects<never>, dueAt: number): void {
    effects.after(() => {
      this.#dueAt = Math.min(this.#dueAt, dueAt);
    });
  }

  /** Clears the schedule, because this transaction does the check. */
  begin(effects: Effects<never>): void {
    effects.after(() => {
      this.#dueAt = this.#clock.now() + this.#everySeconds;
    });
  }

  /** The check is due at once, because this SuperLink has become the one that does it. */
  restart(): void {
    this.#dueAt = 0;
  }
}
