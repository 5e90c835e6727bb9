import { log } from "../../base/log.ts";

/** Logs an internal error of the SuperLink. The caller gets no details of it. */
export function logFailure(error: unknown): void {
  log("superlink").error("Internal error: {error}", { error });
}
