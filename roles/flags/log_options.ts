import { type Command, Option } from "commander";
import { configureLog, LOG_FORMATS, type LogFile, type LogFormat } from "../../base/log.ts";

/** What the logging flags give. */
export interface LogFlags {
  logFormat: LogFormat;
  verbose: boolean;
}

/** Adds `--log-format` and `--verbose`, the same for every long-running role. */
export function addLogOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--log-format <format>", "format of log lines, on stderr").choices(LOG_FORMATS)
        .default("text"),
    )
    .option("--verbose", "also log every call", false);
}

/** Starts logging as the flags say. @param file gets every line, too */
export function applyLogOptions(flags: LogFlags, file?: LogFile): void {
  configureLog({ format: flags.logFormat, verbose: flags.verbose, file });
}
