import type { Clock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";

/**
 * Waits for the end of a SuperLink's work, which a database that hangs can hold up for minutes.
 *
 * @param seconds longest time to wait
 * @throws FlwrError "unavailable" when the time is over: what is left of the work must then end with the process
 */
export async function endWithin(
  clock: Clock,
  seconds: number,
  work: Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const late = clock.sleep(seconds, ended.signal).then(() => {
    if (ended.signal.aborted) return;
    throw new FlwrError("unavailable", `The SuperLink could not end its work within ${seconds} s`, {
      hints: [
        "Look whether the database and the object store answer. What was confirmed to callers is stored",
      ],
    });
  });
  late.catch(() => {});
  try {
    await Promise.race([work, late]);
  } finally {
    ended.abort();
  }
}
