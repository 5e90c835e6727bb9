/** Limit on how often something may happen. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Rate limiter: a token bucket. */
export class Allowance {
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  /** @param now seconds of any clock; use the same clock for all calls */
  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  /** Spends tokens. @returns whether there were enough; the missing ones are owed */
  spend(count: number, now: number): boolean {
    this.add((now - this.#at) * this.#rate.perSecond);
    this.#at = now;
    // Debt is bounded, because otherwise a caller stays locked out for long after its last offence.
    this.#tokens = Math.max(this.#tokens - count, -this.#rate.burst);
    return this.#tokens >= 0;
  }

  /** Adds tokens, up to the burst. */
  add(count: number): void {
    this.#tokens = Math.min(this.#tokens + count, this.#rate.burst);
  }
}
