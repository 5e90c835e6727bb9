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

/** How log lines look: for people, or one JSON object a line for machines. */
export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = typeof LOG_FORMATS[number];

/** The logger of one room or role, e.g. `log("superlink")`. Silent until a role calls {@link configureLog}. */
export function log(name: string): Logger {
  return getLogger(["flwr", name]);
}

/** Where log lines go beside stderr. */
export interface LogFile {
  /** Takes one line with its end, whole. Must not throw. */
  write(line: Uint8Array): void;
}

/** How the process' log looks and where it goes. */
export interface LogOptions {
  /** "text" (colours only on a terminal) or "json". */
  readonly format: LogFormat;
  /** Also debug lines. */
  readonly verbose: boolean;
  /** Gets every line, too, without colours and with its day. */
  readonly file?: LogFile;
}

/**
 * Sends the process' log to stderr: stdout is for data. Lines that strangers can cause are bounded
 * ({@link causedBy}), whatever their level and wherever they go.
 */
export function configureLog({ format, verbose, file }: LogOptions): void {
  const onTerminal = Deno.stderr.isTerminal() && wantsColours();
  const sinks = [lineSink(format, { colours: onTerminal, dates: false }, writeWhole)];
  if (file !== undefined) {
    sinks.push(lineSink(format, { colours: false, dates: true }, (line) => file.write(line)));
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
  const formatter = format === "json" ? jsonFormatter() : textFormatter(options);
  const encoder = new TextEncoder();
  return (record) => write(encoder.encode(formatter(record)));
}

/** The message reads as in the text format. */
function jsonFormatter(): TextFormatter {
  const formatter = getJsonLinesFormatter();
  return (record) => {
    const message = record.message.map((part, at) => at % 2 === 0 ? part : jsonText(part));
    return printableJson(formatter({ ...record, message: [message.join("")] }));
  };
}

function jsonText(value: unknown): string {
  return typeof value === "string" || typeof value === "bigint"
    ? value.toString()
    : Deno.inspect(value, { colors: false });
}

/** How lines for people look. */
interface LineOptions {
  readonly colours: boolean;
  /** Whether a line's time has its day: in a file that is read later. */
  readonly dates: boolean;
}

function textFormatter({ colours, dates }: LineOptions): TextFormatter {
  const options: TextFormatterOptions = {
    timestamp: dates ? "date-time" : "time",
    timeZone: null,
    level: (level: LogLevel) => level.toUpperCase().padEnd(7),
    category: (category) => category.slice(1).join("."),
    value: plainValue,
    format: ({ timestamp, level, category, message }) =>
      `${timestamp} ${level} ${category}: ${message}`,
  };
  return colours ? getAnsiColorFormatter(options) : getTextFormatter(options);
}

/** Ids without JavaScript's `n`, text without quotes; nothing that came from elsewhere can forge a line. */
function plainValue(value: unknown, inspect: (value: unknown) => string): string {
  if (typeof value === "bigint") return value.toString();
  return typeof value === "string" ? printable(value) : printableLines(inspect(value));
}

function writeWhole(bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += Deno.stderr.writeSync(bytes.subarray(written));
  }
}
