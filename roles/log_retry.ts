import { log } from "../base/log.ts";
import type { Retry } from "../rpc/retry.ts";

/** One line per failed try that is going to be repeated: what failed, and how long the wait is. */
export function logRetry({ attempt, waitSeconds, error }: Retry): void {
  log("connection").warn("{reason}; try {attempt} failed, next in {wait} s", {
    reason: error.message,
    attempt,
    wait: waitSeconds.toFixed(1),
  });
}
