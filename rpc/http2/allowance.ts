/** How often something may happen. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Counts what may happen at most so often: a token bucket. */
export class Allowance {
  readonly #rate: Rate;
  #left: number;
  #at: number;

  /** @param now seconds of any clock, as below */
  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#at = now;
  }

  /** Takes of it. @returns whether there was enough; what was missing is owed */
  take(count: number, now: number): boolean {
    this.add((now - this.#at) * this.#rate.perSecond);
    this.#at = now;
    // Debts are bounded, so that nobody is locked out for long after the last offence.
    this.#left = Math.max(this.#left - count, -this.#rate.burst);
    return this.#left >= 0;
  }

  /** Allows more, but never more than the burst. */
  add(count: number): void {
    this.#left = Math.min(this.#left + count, this.#rate.burst);
  }
}
