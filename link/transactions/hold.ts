import { type LinkContext, requireOpen } from "./transactions.ts";
import type { HoldOptions } from "../link.ts";
import type { Topic } from "./wakes.ts";

/**
 * Tries, and as long as there is no result tries again each time one of the topics is woken, until the time is up
 * or the caller or the service has gone. Tries once more when the time is up.
 *
 * @throws unavailable after the service was closed
 */
export async function hold<T>(
  context: LinkContext,
  topics: readonly Topic[],
  options: HoldOptions,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  requireOpen(context);
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
