import type { Clock } from "../../../../base/clock.ts";
import type { Random } from "../../../../base/random.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";

/**
 * A pull answered faster than this, in seconds, was not held. Then the SuperLink is Flower's own, and must be polled.
 */
const HELD_PULL_SECONDS = 1;

/** Seconds between two polls of such a SuperLink: initially, and at most. Flower's own nodes wait 3. */
const POLL_LEAST_SECONDS = 0.2;
const POLL_MOST_SECONDS = 1;
const POLL_GROWTH = 1.3;
const POLL_JITTER = 0.2;

/**
 * Seconds to the next poll, ±20 %, because nodes that were started together must spread out.
 *
 * @param emptyAnswers number of consecutive empty responses, from 1
 * @param uniform a random number in [0, 1)
 */
function pollWait(emptyAnswers: number, uniform: number): number {
  const wait = Math.min(POLL_MOST_SECONDS, POLL_LEAST_SECONDS * POLL_GROWTH ** (emptyAnswers - 1));
  return wait * (1 + POLL_JITTER * (2 * uniform - 1));
}

/**
 * Long-polls a SuperLink for a message or a task, for as long as ours holds a pull. A SuperLink that responds at once
 * is polled repeatedly for that time.
 *
 * @param ask makes one call; returns undefined if there is nothing
 * @returns the result; undefined if none arrived in that time, or the signal was aborted
 */
export async function longPoll<T>(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  signal: AbortSignal | undefined,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const start = clock.now();
  for (let emptyAnswers = 1;; emptyAnswers++) {
    const asked = clock.now();
    const message = await ask();
    const now = clock.now();
    const over = now - start >= MAX_HOLD_SECONDS || signal?.aborted;
    if (message !== undefined || over || now - asked >= HELD_PULL_SECONDS) return message;
    await clock.sleep(pollWait(emptyAnswers, random.uniform()), signal);
    if (signal?.aborted) return undefined;
  }
}
