/** Seconds until a SuperLink is asked again for what is not there yet. */
const POLL_SECONDS = 0.2;

/** Waits before a SuperLink that does not hold calls is asked again. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_SECONDS * 1000));
}
