import type { Clock } from "../../base/clock.ts";
import { requireOpen } from "./transactions.ts";
import type { Topic, Wakes } from "./wakes.ts";

/** How long a pull may be held, and what ends it early. */
export interface HoldOptions {
  /** Seconds to wait for work before an empty answer; 0 answers at once. At most limits.maxHoldSeconds. */
  holdSeconds?: number;
  /** Ends the wait: the caller has gone. The answer is then empty, and what was due stays due. */
  signal?: AbortSignal;
}

/** What holding needs. */
export interface Holds {
  readonly clock: Clock;
  readonly wakes: Wakes;
  readonly limits: HoldLimits;
  /** Aborted once the service closes. */
  readonly closing: AbortSignal;
}

/** How long pulls are held. */
export interface HoldLimits {
  /** The longest that a pull is held. HTTP clients of the current Flower give up at 30 s. */
  readonly maxHoldSeconds: number;
}

/** How long pulls are held when nothing else is said. */
export const DEFAULT_HOLD_LIMITS: HoldLimits = { maxHoldSeconds: 20 };

/**
 * Tries, and as long as there is no result tries again each time one of the topics is woken, until the time is up
 * or the caller or the service has gone. Tries once more when the time is up.
 *
 * @throws unavailable after the service was closed
 */
export async function hold<T>(
  context: Holds,
  topics: readonly Topic[],
  options: HoldOptions,
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
