import { log } from "../../base/log.ts";

/** Logs what went wrong within the SuperLink; whoever called is told no more than that something did. */
export function logFailure(error: unknown): void {
  log("superlink").error("Internal error: {error}", { error });
}
