import { type Command, Option } from "commander";
import { configureLog, LOG_FORMATS, type LogFormat, type LogOptions } from "../../base/log.ts";

/** Flags for logging. */
export interface LogFlags {
  logFormat: LogFormat;
  verbose: boolean;
}

/** Adds `--log-format` and `--verbose`, which all long-running roles have. */
export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--log-format <format>", "format of log lines, on stderr").choices(LOG_FORMATS)
        .default("text"),
    )
    .option("--verbose", "also log every call", false);
}

/** Configures logging from the flags. */
export function applyLogOptions(
  flags: LogFlags,
  { file, process }: Pick<LogOptions, "file" | "process"> = {},
): void {
  configureLog({ format: flags.logFormat, verbose: flags.verbose, file, process });
}
