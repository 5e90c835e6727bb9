import type { Clock } from "../base/clock.ts";
import { type ErrorCode, FlwrError } from "../base/error.ts";
import type { Random } from "../base/random.ts";
import { ApiError } from "./api_error.ts";

/** Longest wait between two attempts, in seconds. */
const MAX_RETRY_WAIT_SECONDS = 20;

/** Limits of retries. */
export interface RetryPolicy {
  /** Attempts after the first one; unlimited by default. 0 never retries. */
  readonly maxRetries?: number;
  /** Seconds after the first attempt within which a new one may start; unlimited by default. */
  readonly maxWaitTime?: number;
}

/** One attempt only. */
export const NO_RETRY: RetryPolicy = { maxRetries: 0 };

/** A failed attempt that will be retried. */
export interface Retry {
  /** Number of the failed attempt, from 1. */
  readonly attempt: number;
  /** Seconds until the next attempt. */
  readonly waitSeconds: number;
  readonly error: FlwrError;
}

/**
 * Whether a retry can help, by error code. A request that is sent twice because the first response was lost does not
 * harm a run: a result counts once, other calls set a state or read. But instructions may be delivered twice, of
 * which the ServerApp knows and counts one, and a run that no client knows of may remain.
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

/** Whether a retry can help; otherwise the error is permanent. */
export function isRetryable(error: FlwrError): boolean {
  // If the clock is corrected while the node waits, its next signature is valid.
  return RETRIED[error.code] || (error instanceof ApiError && error.api === "clock-off");
}

/** Whether a server gave the error, or had no time to give one. */
function isAnswered(error: FlwrError): boolean {
  return error instanceof ApiError || error.code === "deadline-exceeded";
}

/**
 * Seconds to wait after a failed attempt: exponential backoff with full jitter (Brooker, "Exponential Backoff And
 * Jitter", 2015), because otherwise a hundred nodes would return at once.
 *
 * @param attempt number of the failed attempt, from 1
 * @param uniform a random number in [0, 1)
 */
export function backoffSeconds(attempt: number, uniform: number): number {
  return uniform * Math.min(2 ** (attempt - 1), MAX_RETRY_WAIT_SECONDS);
}

/** Options of {@link withRetries}. */
export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the wait between attempts. */
  readonly signal?: AbortSignal;
  /** Called for each failed attempt that will be retried. */
  readonly onRetry?: (retry: Retry) => void;
}

/**
 * Runs a function until it succeeds, fails permanently, or the policy's limits are reached.
 *
 * @throws FlwrError of the last attempt; "cancelled" when the signal ended the wait
 */
export async function withRetries<T>(
  run: (attempt: number) => Promise<T>,
  { policy, clock, random, signal, onRetry }: RetryOptions,
): Promise<T> {
  const start = clock.now();
  /** Number of failures in quick succession. */
  let quick = 0;
  for (let attempt = 1;; attempt++) {
    const begun = clock.now();
    try {
      return await run(attempt);
    } catch (thrown) {
      const error = FlwrError.from(thrown);
      // Usually the server ended while it held the call, and the next attempt reaches another server, or the same one
      // restarted. A server that answers late is overloaded, and must not be called more often for that.
      const wasHeld = clock.now() - begun > backoffSeconds(quick + 1, 1) && !isAnswered(error);
      quick = wasHeld ? 1 : quick + 1;
      const waitSeconds = backoffSeconds(quick, random.uniform());
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
