import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
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
  /** Aborted when the SuperLink is about to stop. From then on, no call is held for long. */
  readonly draining: AbortSignal;
}

/**
 * What a long poll does when the SuperLink is about to stop.
 *
 * - `end`: it ends without a result, because its caller shall call another SuperLink
 * - `refuse`: it fails, because an empty result would look like a final one
 * - `hold-briefly`: it goes on, {@link BRIEF_HOLD_SECONDS} at a time, because its caller may be an app that this
 *   SuperLink runs until it stops
 */
export type WhenDraining = "end" | "refuse" | "hold-briefly";

/** Longest wait of a long poll with `hold-briefly`. */
const BRIEF_HOLD_SECONDS = 0.25;

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
 * without a result when the time is up, the caller aborts, or the domain closes. A call that is held when draining
 * begins ends without a result, or is refused.
 *
 * @throws unavailable if the domain is closed, or if it drains and `whenDraining` is "refuse"
 */
export async function longPoll<T>(
  context: LongPollContext,
  topics: readonly Topic[],
  options: LongPollOptions,
  whenDraining: WhenDraining,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const { clock, limits, closing, draining } = context;
  requireOpen(closing);
  if (draining.aborted && whenDraining === "end") return undefined;
  // `|| 0` also turns NaN into an immediate answer.
  const wanted = Math.min(options.holdSeconds || 0, limits.maxHoldSeconds);
  if (draining.aborted && whenDraining === "refuse" && wanted > 0) throw stopping();
  const seconds = draining.aborted ? Math.min(wanted, BRIEF_HOLD_SECONDS) : wanted;
  if (seconds <= 0) return options.signal?.aborted ? undefined : await attempt();
  const hasDrained = draining.aborted;
  const deadline = clock.now() + seconds;
  using listener = context.wakes.listen(topics);
  while (!options.signal?.aborted && !closing.aborted) {
    if (draining.aborted && !hasDrained) {
      if (whenDraining === "refuse") throw stopping();
      return undefined;
    }
    const last = clock.now() >= deadline;
    const result = await attempt();
    if (result !== undefined || last) return result;
    await listener.sleep(clock, deadline - clock.now(), options.signal);
  }
  return undefined;
}

function stopping(): FlwrError {
  return new FlwrError("unavailable", "The SuperLink is stopping");
}
