import { log } from "../../base/log.ts";
import type { Retry } from "../../rpc/retry.ts";

/** Waits shorter than this, in seconds, are not worth a number. */
const SOON_SECONDS = 0.05;

/** One line per failed try that is going to be repeated: what failed, and how long the wait is. */
export function logRetry({ attempt, waitSeconds, error }: Retry): void {
  log("connection").warn("{reason}. Attempt {attempt} failed; retrying {when}", {
    event: "call-retried",
    code: error.code,
    reason: error.message,
    attempt,
    when: waitSeconds < SOON_SECONDS ? "now" : `in ${waitSeconds.toFixed(1)} s`,
  });
}
