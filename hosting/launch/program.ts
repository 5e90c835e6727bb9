import { withFurtherLines } from "../../base/run_log_lines.ts";
import type { GetPiece } from "../../fab/attachments.ts";
import type { CheckedFab } from "../../fab/fab.ts";
import type { RunConfig } from "../../fab/scalar.ts";
import type { TakenRun } from "./run_source.ts";

/** How a run ended by itself. */
export interface RunEnd {
  readonly outcome: "completed" | "failed";
  /** Why, for people; empty when there is nothing to say. */
  readonly details: string;
}

/** A run's app, read and checked. */
export interface RunApp {
  readonly fab: CheckedFab;
  /** Settings given at submission, which override the bundle's own. */
  readonly overrideConfig: RunConfig;
  /** Gets a piece of the bundle's attachments; undefined where runs come without them. */
  readonly piece?: GetPiece;
}

/**
 * Runs the ServerApp of a run that was taken on, from its begin to its end, and leaves no worker, process, timer or open
 * call behind when it settles.
 *
 * @param signal aborted when the run was ended from outside: whatever it does must stop at once
 * @returns undefined when the ServerApp told the SuperLink itself how it ended
 * @throws FlwrError when it cannot be run
 */
export type RunProgram = (
  run: TakenRun,
  app: RunApp,
  signal: AbortSignal,
) => Promise<RunEnd | undefined>;

/** An error as a run's log shows it: the sentence, then what to do next. */
export function errorLines(
  { message, hints }: { readonly message: string; readonly hints: readonly string[] },
): string[] {
  return [`Error: ${message}`, ...hints.map((hint) => `  Hint: ${hint}`)]
    .map((text) => `${withFurtherLines(text)}\n`);
}

/** What a process wrote last, beside its app, as a run's log shows it. @param output "" for nothing */
export function outputLines(output: string): string[] {
  const text = output.trimEnd();
  return text === "" ? [] : [`${withFurtherLines(`The last output of the process:\n${text}`)}\n`];
}
