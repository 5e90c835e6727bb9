import { CommanderError } from "commander";
import { FlwrError } from "../base/error.ts";
import { printable } from "../base/printable.ts";

/** Exit statuses of every command: 0 success, then these. */
export const ExitStatus = { failure: 1, usage: 2 } as const;

/**
 * Tells the user what went wrong, on stderr: the sentence, then what to do next. A stack trace is shown only for
 * our own faults, where it helps whoever reports them.
 *
 * @returns the exit status that fits
 */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) {
    // commander has printed its message already; help and version are no failures
    return error.exitCode === 0 ? 0 : ExitStatus.usage;
  }
  const problem = FlwrError.from(error);
  console.error(describeError(problem));
  if (problem.code === "internal" && problem.cause instanceof Error) {
    console.error(problem.cause.stack);
  }
  return ExitStatus.failure;
}

/** The error as a user reads it: one line for the sentence, one for each hint. */
function describeError(error: FlwrError): string {
  const hints = error.hints.map((hint) => `  Hint: ${printable(hint)}`);
  return [`Error: ${printable(error.message)}`, ...hints].join("\n");
}
