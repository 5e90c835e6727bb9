import type { Clock } from "../../../../base/clock.ts";
import type { Random } from "../../../../base/random.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import { HELD_PULL_SECONDS, pollWait } from "./limits.ts";

/**
 * Asks a SuperLink for a message for as long as ours holds a pull: one that answers at once is asked again meanwhile.
 *
 * @param ask one call; undefined when there is no message
 * @returns the message; undefined when none came in that time, or the signal was given
 */
export async function pollForMessage<T>(
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
