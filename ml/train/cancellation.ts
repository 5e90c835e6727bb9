import { unlessAborted } from "../../base/aborted.ts";
import { FlwrError } from "../../base/error.ts";

/** @throws FlwrError "cancelled" when the signal is aborted */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

/**
 * What work comes to, or an error at once when the signal is aborted before: nobody waits for the step under way, which
 * cannot be interrupted. The work itself must see the signal and end.
 *
 * @throws FlwrError "cancelled"
 */
export async function unlessCancelled<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return await work;
  return await unlessAborted(work, signal, () => cancelled(signal));
}

function cancelled(signal: AbortSignal): FlwrError {
  return new FlwrError("cancelled", "The call was cancelled", { cause: signal.reason });
}
