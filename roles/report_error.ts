import { CommanderError } from "commander";
import { FlwrError } from "../base/error.ts";
import { printable, printableLines } from "../base/printable.ts";
import { UsageError } from "./usage_error.ts";
import { IncompleteRun } from "./run/incomplete.ts";
import { printFailure } from "./output/failure.ts";

/** Exit statuses of every command: 0 success, then these. */
export const ExitStatus = { failure: 1, usage: 2, incomplete: 3 } as const;

/**
 * Tells the user what went wrong, on stderr: the sentence, then what to do next. A stack trace is shown only for
 * our own faults, where it helps whoever reports them.
 *
 * @param args the command line, which may ask for JSON: a misuse is told in JSON, too; what commands throw they have
 *   told so themselves
 * @returns the exit status that fits
 */
export function reportError(error: unknown, args: readonly string[] = []): number {
  if (error instanceof CommanderError) {
    // commander has printed its message already; help and version are no failures
    if (error.exitCode === 0) return 0;
    const sentence = /^error: (.*)/.exec(error.message)?.[1];
    if (sentence !== undefined && asksForJson(args)) printFailure(sentence);
    return ExitStatus.usage;
  }
  const problem = FlwrError.from(error);
  console.error(describeError(problem));
  if (problem.code === "internal" && problem.cause instanceof Error) {
    console.error(printableLines(problem.cause.stack ?? ""));
  }
  return exitStatusOf(error);
}

/** The exit status of a command that ends with an error. */
export function exitStatusOf(error: unknown): number {
  if (error instanceof UsageError) return ExitStatus.usage;
  return error instanceof IncompleteRun ? ExitStatus.incomplete : ExitStatus.failure;
}

function asksForJson(args: readonly string[]): boolean {
  return args.some((word, at) =>
    word === "--format=json" || (word === "--format" && args[at + 1] === "json")
  );
}

/** The error as a user reads it: one line for the sentence, one for each hint. */
function describeError(error: FlwrError): string {
  const hints = error.hints.map((hint) => `  Hint: ${printable(hint)}`);
  const [sentence = "", ...more] = error.message.split("\n").map(printable);
  // Indented, so that no line of an app's text passes for one of ours.
  const rest = more.map((line) => `  | ${line}`);
  return [`Error: ${sentence}`, ...rest, ...hints].join("\n");
}
