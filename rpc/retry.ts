import type { Clock } from "../base/clock.ts";
import { type ErrorCode, FlwrError } from "../base/error.ts";
import type { Random } from "../base/random.ts";
import { ApiError } from "./api_error.ts";

/** Seconds of the longest wait between two tries. */
const MAX_RETRY_WAIT_SECONDS = 20;

/** How long to go on trying. */
export interface RetryPolicy {
  /** Tries after the first one; without it as many as it takes. 0 never tries again. */
  readonly maxRetries?: number;
  /** Seconds after the first try in which a new one may start; without it as long as it takes. */
  readonly maxWaitTime?: number;
}

/** One try and no more. */
export const NO_RETRY: RetryPolicy = { maxRetries: 0 };

/** One try that failed and is going to be repeated. */
export interface Retry {
  /** 1 for the first try. */
  readonly attempt: number;
  /** Seconds until the next try. */
  readonly waitSeconds: number;
  readonly error: FlwrError;
}

/**
 * Which errors trying again can help against. What is sent twice because the first answer was lost does no harm to a
 * run: a result is taken once, other calls set a state or read. Instructions may be handed out twice then, of which
 * the ServerApp knows and counts one; and a run that nobody knows may be left behind.
 */
const RETRIED: { readonly [C in ErrorCode]: boolean } = {
  "unavailable": true,
  "deadline-exceeded": true,
  "resource-exhausted": false,
  "invalid-argument": false,
  "failed-precondition": false,
  "not-found": false,
  "already-exists": false,
  "unauthenticated": false,
  "permission-denied": false,
  "cancelled": false,
  "unimplemented": false,
  "data-loss": false,
  "internal": false,
};

/** Whether trying again can help; an error that it cannot help against is permanent. */
export function isRetryable(error: FlwrError): boolean {
  // A clock that is set while the node waits makes its next signature valid.
  return RETRIED[error.code] || (error instanceof ApiError && error.api === "clock-off");
}

/**
 * Seconds before the try after a failed one: exponential backoff with full jitter (Brooker, "Exponential Backoff And
 * Jitter", 2015), so that a hundred nodes do not come back all at once.
 *
 * @param attempt the try that failed, from 1
 * @param uniform a random number in [0, 1)
 */
export function backoffSeconds(attempt: number, uniform: number): number {
  return uniform * Math.min(2 ** (attempt - 1), MAX_RETRY_WAIT_SECONDS);
}

/** What {@link withRetries} works with. */
export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** Told of each failed try that is going to be repeated. */
  readonly onRetry?: (retry: Retry) => void;
}

/**
 * Runs something until it succeeds, fails for good, or the policy is used up.
 *
 * @throws FlwrError of the last try; "cancelled" when the signal ended the waiting
 */
export async function withRetries<T>(
  run: (attempt: number) => Promise<T>,
  { policy, clock, random, signal, onRetry }: RetryOptions,
): Promise<T> {
  const start = clock.now();
  for (let attempt = 1;; attempt++) {
    try {
      return await run(attempt);
    } catch (thrown) {
      const error = FlwrError.from(thrown);
      const waitSeconds = backoffSeconds(attempt, random.uniform());
      const waited = clock.now() - start + waitSeconds;
      const spent = attempt > (policy.maxRetries ?? Infinity) ||
        waited > (policy.maxWaitTime ?? Infinity);
      if (spent || !isRetryable(error)) throw error;
      onRetry?.({ attempt, waitSeconds, error });
      await clock.sleep(waitSeconds, signal);
      if (signal?.aborted) {
        throw new FlwrError("cancelled", "The call was cancelled", { cause: error });
      }
    }
  }
}
