import { type Clock, systemClock } from "../base/clock.ts";
import { RecentMap } from "../base/recent_map.ts";

/** Default number of callers that a rate limiter tracks. */
const MAX_RATE_LIMITED_CALLERS = 10_000;

/** Options of a {@link RateLimiter}. */
export interface RateLimiterOptions {
  /** Largest number of calls in a burst; sensible values: 1 … 100. */
  readonly burst: number;
  /** Sustained calls per second; may be below 1. */
  readonly perSecond: number;
  /** Number of callers to track; default MAX_RATE_LIMITED_CALLERS. */
  readonly capacity?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** Rate limiter with a token bucket for each caller. A bucket is full at first; each call takes one token. */
export class RateLimiter {
  readonly #options: Required<RateLimiterOptions>;
  readonly #buckets: RecentMap<string, { tokens: number; at: number }>;

  constructor(options: RateLimiterOptions) {
    this.#options = { capacity: MAX_RATE_LIMITED_CALLERS, clock: systemClock, ...options };
    this.#buckets = new RecentMap(this.#options.capacity);
  }

  /** The number of tracked callers. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Admits a call, or returns how long to wait.
   *
   * @param caller identifies the caller, for example the fingerprint of its key
   * @returns 0 if the call is admitted; otherwise the seconds until the next call would be
   */
  take(caller: string): number {
    const { burst, perSecond, clock } = this.#options;
    const now = clock.now();
    const bucket = this.#buckets.get(caller);
    const tokens = bucket === undefined ? burst : this.#refilled(bucket, now);
    const admitted = tokens >= 1;
    if (bucket === undefined) this.#makeRoom(now);
    this.#buckets.set(caller, { tokens: admitted ? tokens - 1 : tokens, at: now });
    return admitted ? 0 : (1 - tokens) / perSecond;
  }

  #refilled(bucket: { tokens: number; at: number }, now: number): number {
    const { burst, perSecond } = this.#options;
    return Math.min(burst, bucket.tokens + Math.max(0, now - bucket.at) * perSecond);
  }

  /** At capacity, removes callers whose buckets are full again, which changes no result. */
  #makeRoom(now: number): void {
    if (this.#buckets.size < this.#options.capacity) return;
    for (const [caller, bucket] of this.#buckets) {
      if (this.#refilled(bucket, now) >= this.#options.burst) this.#buckets.delete(caller);
    }
  }
}
