/** Resolves when the signal is aborted, at once if it already is. Never rejects. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/**
 * The result of work, unless the signal is aborted first. Then the work continues in the background, and must watch the
 * signal itself to end. Leaves no listener on the signal.
 *
 * @param reason creates the error for an aborted signal (default: the signal's reason)
 * @throws the error of `reason`, or that of the work
 */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  reason: () => unknown = () => signal.reason,
): Promise<T> {
  const { promise: abandoned, reject } = Promise.withResolvers<never>();
  const abort = () => reject(reason());
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([abandoned, work]);
  } finally {
    signal.removeEventListener("abort", abort);
    for (const late of [work, abandoned]) late.catch(() => {});
  }
}
