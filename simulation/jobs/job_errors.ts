import { FlwrError } from "../../base/error.ts";

/** The error of a job whose run is over, or whose caller has gone. */
export function cancelled(): FlwrError {
  return new FlwrError("cancelled", "The run has ended");
}

/** The error of a job that waited too long for a worker. */
export function noWorker(seconds: number): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `No simulation worker took the instruction within ${seconds / 60} min`,
  );
}

/** The error of a job whose workers were all lost. */
export function lostTooOften(hands: number): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `${hands} simulation workers got the instruction, and none answered it`,
  );
}

/** The error of a job that no worker could do. @param reason the last one, in the worker's words */
export function allBroken(reason: string): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `No simulation worker could run the ClientApp. The last one said: ${reason}`,
  );
}
