import { Option } from "commander";
import { FlwrError } from "../../base/error.ts";
import { printFailure, printJson } from "./failure.ts";
import { printLine } from "./say.ts";

/** Values of `--format`, as Flower's commands have them. */
const OUTPUT_FORMATS = ["default", "json"] as const;
export type OutputFormat = typeof OUTPUT_FORMATS[number];

/** What a command found or did: as fields of an object, and as lines to read. Ids and hashes are texts. */
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
 * Prints what an action returns: data on stdout, in JSON as one object with `"success": true`. What an action throws is
 * printed there too when JSON is asked for, as Flower does, and goes on to whoever tells the user.
 */
export async function printOutput(
  format: OutputFormat,
  action: () => Promise<Output>,
): Promise<void> {
  await printed(format, action);
}

/** As {@link printOutput}. @returns what was printed, for what is to be done next */
export async function printed<T extends Output>(
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
