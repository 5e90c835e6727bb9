import { CommanderError } from "commander";
import { FlwrError } from "../base/error.ts";
import { printable, printableLines } from "../base/printable.ts";
import { ExitStatus, exitStatusOf } from "./flags/exit_status.ts";
import { printFailure } from "./output/failure.ts";

/**
 * Prints an error on stderr: its message, then its hints. A stack trace is printed only for internal errors, for the bug
 * report.
 *
 * @param args the command line. If it asks for JSON, a usage error is also printed as JSON; commands print other errors
 *   as JSON themselves
 * @returns the exit status
 */
export function reportError(error: unknown, args: readonly string[] = []): number {
  if (error instanceof CommanderError) {
    // Commander has already printed its message. Help and version have exit code 0.
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

function asksForJson(args: readonly string[]): boolean {
  return args.some((word, at) =>
    word === "--format=json" || (word === "--format" && args[at + 1] === "json")
  );
}

/** Formats an error: its message, then a line for each hint. */
function describeError(error: FlwrError): string {
  const hints = error.hints.map((hint) => `  Hint: ${printable(hint)}`);
  const [sentence = "", ...more] = error.message.split("\n").map(printable);
  // Marked, so that an app's text cannot imitate a line of ours.
  const rest = more.map((line) => `  | ${line}`);
  return [`Error: ${sentence}`, ...rest, ...hints].join("\n");
}
