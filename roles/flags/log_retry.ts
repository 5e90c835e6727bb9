import { log } from "../../base/log.ts";
import type { Retry } from "../../rpc/retry.ts";

/** Shorter waits, in seconds, are logged as "now". */
const SOON_SECONDS = 0.05;

/** Logs a failed attempt that will be repeated, with the error and the wait. */
export function logRetry({ attempt, waitSeconds, error }: Retry): void {
  log("connection").warn("{reason}. Attempt {attempt} failed; retrying {when}", {
    event: "call-retried",
    code: error.code,
    reason: error.message,
    attempt,
    when: waitSeconds < SOON_SECONDS ? "now" : `in ${waitSeconds.toFixed(1)} s`,
  });
}
