import {
  configureSync,
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type Logger,
  type LogLevel,
  type LogRecord,
  type TextFormatterOptions,
} from "@logtape/logtape";
import { printable } from "./printable.ts";

/** How log lines look: for people, or one JSON object a line for machines. */
export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = typeof LOG_FORMATS[number];

/** The logger of one room or role, e.g. `log("superlink")`. Silent until a role calls {@link configureLog}. */
export function log(name: string): Logger {
  return getLogger(["flwr", name]);
}

/**
 * Sends the process' log to stderr: stdout is for data.
 *
 * @param options.format "text" (colours only on a terminal) or "json"
 * @param options.verbose also debug lines
 */
export function configureLog(options: { format: LogFormat; verbose: boolean }): void {
  const formatter = options.format === "json" ? getJsonLinesFormatter() : textFormatter();
  const encoder = new TextEncoder();
  configureSync({
    reset: true,
    sinks: { stderr: (record: LogRecord) => writeWhole(encoder.encode(formatter(record))) },
    loggers: [
      { category: ["flwr"], lowestLevel: options.verbose ? "debug" : "info", sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["stderr"] },
    ],
  });
}

function textFormatter(): (record: LogRecord) => string {
  const options: TextFormatterOptions = {
    timestamp: "time",
    timeZone: null,
    level: (level: LogLevel) => level.toUpperCase().padEnd(7),
    category: (category) => category.slice(1).join("."),
    value: plainValue,
    format: ({ timestamp, level, category, message }) =>
      `${timestamp} ${level} ${category}: ${message}`,
  };
  return Deno.stderr.isTerminal() && !Deno.noColor
    ? getAnsiColorFormatter(options)
    : getTextFormatter(options);
}

/** Ids without JavaScript's `n`, text without quotes; nothing that came from elsewhere can forge a line. */
function plainValue(value: unknown, inspect: (value: unknown) => string): string {
  if (typeof value === "bigint") return value.toString();
  return typeof value === "string" ? printable(value) : inspect(value);
}

function writeWhole(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += Deno.stderr.writeSync(bytes.subarray(written));
  }
}
