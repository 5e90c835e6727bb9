import { Option } from "commander";
import { FlwrError } from "../../base/error.ts";
import { printFailure, printJson } from "./failure.ts";
import { printLine } from "./print_line.ts";

/** Values of `--format`, as in Flower's own commands. */
const OUTPUT_FORMATS = ["default", "json"] as const;
export type OutputFormat = typeof OUTPUT_FORMATS[number];

/** A command's result: as JSON fields, and as lines of text. Ids and hashes are strings. */
export interface Output {
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}

/** The option `--format`. */
export function formatOption(): Option {
  return new Option("--format <format>", "output format").choices(OUTPUT_FORMATS)
    .default("default");
}

/**
 * Prints the result of an action on stdout, with JSON as one object with `"success": true`. With JSON an error is printed
 * there as well, as Flower does, before it is thrown to the caller.
 */
export async function printOutput(
  format: OutputFormat,
  action: () => Promise<Output>,
): Promise<void> {
  await printAndReturn(format, action);
}

/** As {@link printOutput}. @returns the result that was printed */
export async function printAndReturn<T extends Output>(
  format: OutputFormat,
  action: () => Promise<T>,
): Promise<T> {
  try {
    const output = await action();
    if (format === "json") printJson({ success: true, ...output.json });
    else for (const line of output.lines) printLine(line);
    return output;
  } catch (error) {
    if (format === "json") {
      printFailure(FlwrError.from(error).message);
    }
    throw error;
  }
}
