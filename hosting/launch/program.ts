import { withFurtherLines } from "../../base/run_log_lines.ts";
import type { GetPiece } from "../../fab/attachments.ts";
import type { CheckedFab } from "../../fab/fab.ts";
import type { RunConfig } from "../../fab/scalar.ts";
import type { RunClaim, RunSimulation } from "./run_source.ts";

/** The end of a run, as its ServerApp caused it. */
export interface RunEnd {
  readonly outcome: "completed" | "failed";
  /** The reason, for people. May be empty. */
  readonly details: string;
}

/** A run's app, after its bundle was read and checked. */
export interface RunApp {
  readonly fab: CheckedFab;
  /** Settings from `flwr run`, which override the bundle's own. */
  readonly overrideConfig: RunConfig;
  /** Fetches a piece of the bundle's attachments. Undefined where attachments are not supported. */
  readonly piece?: GetPiece;
  /** How the run's nodes are simulated. Undefined: they are the SuperLink's. */
  readonly simulation?: RunSimulation;
}

/**
 * Runs the ServerApp of a claimed run, from its begin to its end. When the promise settles, no worker, process, timer or
 * open call is left.
 *
 * @param signal aborted when the run is ended from outside: all work must stop at once
 * @returns undefined if the ServerApp itself reported its end to the SuperLink
 * @throws FlwrError when the app cannot be run
 */
export type RunProgram = (
  run: RunClaim,
  app: RunApp,
  signal: AbortSignal,
) => Promise<RunEnd | undefined>;

/** An error as lines of a run's log: the message, then the hints. */
export function errorLines(
  { message, hints }: { readonly message: string; readonly hints: readonly string[] },
): string[] {
  return [`Error: ${message}`, ...hints.map((hint) => `  Hint: ${hint}`)]
    .map((text) => `${withFurtherLines(text)}\n`);
}

/** The last output of a process as lines of a run's log. No lines if it is empty. */
export function outputLines(output: string): string[] {
  const text = output.trimEnd();
  return text === "" ? [] : [`${withFurtherLines(`The last output of the process:\n${text}`)}\n`];
}
