import type { Clock } from "../../base/clock.ts";
import { requireOpen } from "./transactions.ts";
import type { Topic, Wakes } from "./wakes.ts";

/** Options of a long poll. */
export interface LongPollOptions {
  /** Longest wait in seconds before an empty result; 0, the default, does not wait. At most limits.maxHoldSeconds. */
  holdSeconds?: number;
  /** Ends the wait because the caller has gone. The result is then empty, and nothing is handed out. */
  signal?: AbortSignal;
}

/** State and services that long polls use. */
export interface LongPollContext {
  readonly clock: Clock;
  readonly wakes: Wakes;
  readonly limits: LongPollLimits;
  /** Aborted when the domain closes. */
  readonly closing: AbortSignal;
}

/** Limits of long polls. */
export interface LongPollLimits {
  /** Longest wait in seconds. HTTP clients of the current Flower time out after 30 s. */
  readonly maxHoldSeconds: number;
  /** Longest time until a held call notices a change in a shared store whose wake-up was lost. */
  readonly relookSeconds: number;
}

/** Default limits of long polls. */
export const DEFAULT_LONG_POLL_LIMITS: LongPollLimits = { maxHoldSeconds: 20, relookSeconds: 5 };

/**
 * Long poll: calls `attempt` until it has a result, each time a topic is woken and once more when the time is up. Ends
 * without a result when the time is up, the caller aborts, or the domain closes.
 *
 * @throws unavailable if the domain is closed
 */
export async function longPoll<T>(
  context: LongPollContext,
  topics: readonly Topic[],
  options: LongPollOptions,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  requireOpen(context.closing);
  const { clock, limits, closing } = context;
  // `|| 0` also turns NaN into an immediate answer.
  const seconds = Math.min(options.holdSeconds || 0, limits.maxHoldSeconds);
  if (seconds <= 0) return options.signal?.aborted ? undefined : await attempt();
  const deadline = clock.now() + seconds;
  using listener = context.wakes.listen(topics);
  while (!options.signal?.aborted && !closing.aborted) {
    const last = clock.now() >= deadline;
    const result = await attempt();
    if (result !== undefined || last) return result;
    await listener.sleep(clock, deadline - clock.now(), options.signal);
  }
  return undefined;
}
