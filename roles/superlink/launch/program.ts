import type { CheckedFab } from "../../../fab/fab.ts";
import type { ClaimedRun, LinkService } from "../../../link/link.ts";

/** How a run ended by itself. */
export interface RunEnd {
  readonly outcome: "completed" | "failed";
  /** Why, for people; empty when there is nothing to say. */
  readonly details: string;
}

/**
 * Runs the ServerApp of a claimed run from its begin to its end, and leaves no worker, process, timer or open call
 * behind when it settles.
 *
 * @param signal aborted when the run was ended from outside: whatever it does must stop at once
 * @returns undefined when the ServerApp told the SuperLink itself how it ended
 * @throws FlwrError when it cannot be run
 */
export type RunProgram = (
  claimed: ClaimedRun,
  fab: CheckedFab,
  signal: AbortSignal,
) => Promise<RunEnd | undefined>;

/** What the launcher and its programs need of the SuperLink's domain. */
export type LaunchLink = Pick<
  LinkService,
  | "appendLog"
  | "beginRun"
  | "claimRun"
  | "failRun"
  | "finishRun"
  | "getFab"
  | "getRun"
  | "runHeartbeat"
>;

/** An error as a run's log shows it: the sentence, then what to do next. */
export function errorLines(
  { message, hints }: { readonly message: string; readonly hints: readonly string[] },
): string[] {
  return [`Error: ${message}\n`, ...hints.map((hint) => `  Hint: ${hint}\n`)];
}
