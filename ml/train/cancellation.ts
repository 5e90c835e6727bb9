import { unlessAborted } from "../../base/aborted.ts";
import { FlwrError } from "../../base/error.ts";

/**
 * Throws if the signal is aborted.
 *
 * @throws FlwrError "cancelled" when the signal is aborted
 */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

/**
 * The result of work, or an error as soon as the signal is aborted. It does not wait for the current step, which cannot
 * be interrupted. The work itself must watch the signal and end.
 *
 * @throws FlwrError "cancelled" when the signal is aborted first
 */
export async function unlessCancelled<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return await work;
  return await unlessAborted(work, signal, () => cancelled(signal));
}

function cancelled(signal: AbortSignal): FlwrError {
  return new FlwrError("cancelled", "The call was cancelled", { cause: signal.reason });
}
