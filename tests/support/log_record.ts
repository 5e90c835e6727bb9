import { printableLines } from "../../base/printable.ts";

/** A line of a log, as `--log-format json` writes it. */
export interface LogRecord {
  readonly time: string;
  /** "WARN" and so on. */
  readonly level: string;
  /** The room or role that logs: "flwr.superlink". */
  readonly logger: string;
  readonly message: string;
  /** What happened, by a name that does not change with the words: "node-joined". Not all lines have one. */
  readonly event: string | undefined;
  /** The values of the line. Ids are texts of their decimal digits. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reads a line. @returns undefined when it is not a record of a log in JSON */
export function parseLogRecord(line: string): LogRecord | undefined {
  if (!line.startsWith('{"@timestamp":')) return undefined;
  try {
    const { "@timestamp": time, level, logger, message, properties } = JSON.parse(line);
    const { event, ...fields } = properties;
    return { time, level, logger, message, event, fields };
  } catch {
    return undefined; // an app may print what it likes, and a killed process half a line
  }
}

/** A record as the text format shows it, but for the time zone. */
export function recordText({ time, level, logger, message }: LogRecord): string {
  const name = (level === "WARN" ? "WARNING" : level).padEnd(7);
  const category = logger.split(".").slice(1).join(".");
  return `${time.slice(11, -1)} ${name} ${category}: ${printableLines(message)}`;
}
