import { type Clock, systemClock } from "../base/clock.ts";
import { RecentMap } from "../base/recent_map.ts";

/** How many callers a rate limiter keeps account of. */
const MAX_RATE_LIMITED_CALLERS = 10_000;

/** How much a rate limiter lets through per caller. */
export interface RateLimiterOptions {
  /** Calls let through at once; sane: 1 … 100. */
  readonly burst: number;
  /** Calls per second in the long run; may be below 1. */
  readonly perSecond: number;
  /** Callers kept account of; default MAX_RATE_LIMITED_CALLERS. */
  readonly capacity?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** A token bucket per caller: full at first, a token per call, refilled evenly. */
export class RateLimiter {
  readonly #options: Required<RateLimiterOptions>;
  readonly #buckets: RecentMap<string, { tokens: number; at: number }>;

  constructor(options: RateLimiterOptions) {
    this.#options = { capacity: MAX_RATE_LIMITED_CALLERS, clock: systemClock, ...options };
    this.#buckets = new RecentMap(this.#options.capacity);
  }

  /** The number of callers kept account of. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Lets a call through, or says how long to wait.
   *
   * @param caller who calls, as the fingerprint of its key
   * @returns 0 when the call is let through; otherwise the seconds until one would be
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

  /** At capacity, drops the callers whose buckets are full again, which loses nothing. */
  #makeRoom(now: number): void {
    if (this.#buckets.size < this.#options.capacity) return;
    for (const [caller, bucket] of this.#buckets) {
      if (this.#refilled(bucket, now) >= this.#options.burst) this.#buckets.delete(caller);
    }
  }
}
