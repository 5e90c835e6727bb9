import { IncompleteRun } from "../../hosting/app/incomplete.ts";
import { UsageError } from "./values.ts";

/** Exit statuses of all commands, besides 0 for success. */
export const ExitStatus = { failure: 1, usage: 2, incomplete: 3 } as const;

/** The exit status of a command that ends with an error. */
export function exitStatusOf(error: unknown): number {
  if (error instanceof UsageError) return ExitStatus.usage;
  return error instanceof IncompleteRun ? ExitStatus.incomplete : ExitStatus.failure;
}
