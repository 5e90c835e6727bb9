import {
  configureSync,
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type Logger,
  type LogLevel,
  type Sink,
  type TextFormatter,
  type TextFormatterOptions,
} from "@logtape/logtape";
import { wantsColours } from "./colour_choice.ts";
import { LogLimiter, shownRecord } from "./log_limiter.ts";
import { printable, printableJson, printableLines } from "./printable.ts";

/** Formats of log lines: for people, or one JSON object per line for programs. */
export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = typeof LOG_FORMATS[number];

/** The logger of a room or role, such as `log("superlink")`. It is silent until a role calls {@link configureLog}. */
export function log(name: string): Logger {
  return getLogger(["flwr", name]);
}

/** A file that receives log lines in addition to stderr. */
export interface LogFile {
  /** Writes one complete line, including its end. Must not throw. */
  write(line: Uint8Array): void;
}

/** Format and destination of the process's log. */
export interface LogOptions {
  /** "text" (colours only on a terminal) or "json". */
  readonly format: LogFormat;
  /** Whether to log debug lines. */
  readonly verbose: boolean;
  /** Receives all lines too, without colours and with dates. */
  readonly file?: LogFile;
  /** Number of this process among those that write one log; each line has it. */
  readonly process?: number;
}

/**
 * Sends the process's log to stderr, because stdout is for data. Lines that untrusted clients can cause are limited
 * ({@link causedBy}), at all levels and destinations.
 */
export function configureLog({ format, verbose, file, process }: LogOptions): void {
  const onTerminal = Deno.stderr.isTerminal() && wantsColours();
  const sinks = [lineSink(format, { colours: onTerminal, dates: false, process }, writeWhole)];
  if (file !== undefined) {
    const options = { colours: false, dates: true, process };
    sinks.push(lineSink(format, options, (line) => file.write(line)));
  }
  const limiter = new LogLimiter();
  const all: Sink = (record) => {
    if (!limiter.allows(record)) return;
    const shown = shownRecord(record);
    for (const sink of sinks) sink(shown);
  };
  configureSync({
    reset: true,
    sinks: { all },
    loggers: [
      { category: ["flwr"], lowestLevel: verbose ? "debug" : "info", sinks: ["all"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["all"] },
    ],
  });
}

function lineSink(
  format: LogFormat,
  options: LineOptions,
  write: (line: Uint8Array) => void,
): Sink {
  const formatter = format === "json" ? jsonFormatter(options) : textFormatter(options);
  const encoder = new TextEncoder();
  return (record) => write(encoder.encode(formatter(record)));
}

/** The message is the same as in the text format. */
function jsonFormatter({ process }: LineOptions): TextFormatter {
  const formatter = getJsonLinesFormatter();
  return (record) => {
    const message = record.message.map((part, at) => at % 2 === 0 ? part : jsonText(part));
    const properties = process === undefined
      ? record.properties
      : { ...record.properties, process };
    return printableJson(formatter({ ...record, properties, message: [message.join("")] }));
  };
}

function jsonText(value: unknown): string {
  return typeof value === "string" || typeof value === "bigint"
    ? value.toString()
    : Deno.inspect(value, { colors: false });
}

/** Appearance of lines for people. */
interface LineOptions {
  readonly colours: boolean;
  /** Whether a line's time has its date, for a file that is read later. */
  readonly dates: boolean;
  readonly process: number | undefined;
}

function textFormatter({ colours, dates, process }: LineOptions): TextFormatter {
  const options: TextFormatterOptions = {
    timestamp: dates ? "date-time" : "time",
    timeZone: null,
    level: (level: LogLevel) => level.toUpperCase().padEnd(7),
    category: (category) => category.slice(1).join("."),
    value: plainValue,
    format: ({ timestamp, level, category, message }) =>
      `${timestamp} ${level} ${category}${process === undefined ? "" : `[${process}]`}: ${message}`,
  };
  return colours ? getAnsiColorFormatter(options) : getTextFormatter(options);
}

/** Ids without JavaScript's `n`, strings without quotes; foreign text cannot forge a line. */
function plainValue(value: unknown, inspect: (value: unknown) => string): string {
  if (typeof value === "bigint") return value.toString();
  return typeof value === "string" ? printable(value) : printableLines(inspect(value));
}

function writeWhole(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += Deno.stderr.writeSync(bytes.subarray(written));
  }
}
