/** How long a check sleeps before it looks again, in milliseconds: short beside everything that is waited for. */
const POLL_MILLISECONDS = 25;

/** What was waited for did not come in time. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/**
 * The promise's own outcome, or a {@link DeadlineError} once `seconds` have passed. What the promise does later
 * is no longer anybody's business: its rejection is swallowed.
 *
 * @param what completes the sentence "Waited 30 s for …"
 */
export async function within<T>(
  promise: Promise<T>,
  seconds: number,
  what: string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineError(`Waited ${seconds} s for ${what}`)),
      seconds * 1000,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {});
  }
}

/**
 * Asks again and again until the answer is neither undefined nor false.
 *
 * @param what completes the sentence "Waited 30 s for …"
 */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  seconds: number,
  what: string,
): Promise<Exclude<T, undefined | false>> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    if (performance.now() > end) throw new DeadlineError(`Waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}
