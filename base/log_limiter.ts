import { getLogger, type LogRecord } from "@logtape/logtape";

/** The cause of a log line that untrusted clients can repeat without limit. */
export interface LogCause {
  /** What the line reports, in the plural, for the summary: "denied calls". */
  readonly kind: string;
  /** The address that caused it; undefined if unknown. */
  readonly host: string | undefined;
}

/** The property that marks a line. LogTape drops symbols. */
const CAUSE = "causedBy";

/**
 * Properties that mark a log line as one that untrusted clients can cause, so that the number of such lines is limited.
 * They are not written.
 */
export function causedBy(kind: string, host?: string): Record<string, unknown> {
  return { [CAUSE]: { kind, host } };
}

/** The cause of a marked line. */
export function causeOf({ properties }: LogRecord): LogCause | undefined {
  return properties[CAUSE] as LogCause | undefined;
}

/** A marked line's record as it is written: without the mark, and with foreign texts shortened. */
export function shownRecord(record: LogRecord): LogRecord {
  const { [CAUSE]: cause, ...properties } = record.properties;
  if (cause === undefined) return record;
  return {
    ...record,
    message: record.message.map(shortened),
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, shortened(value)]),
    ),
  };
}

function shortened(value: unknown): unknown {
  if (typeof value !== "string" || value.length <= MAX_CAUSED_TEXT) return value;
  return `${value.slice(0, MAX_CAUSED_TEXT)}… (${value.length} characters)`;
}

/** Largest numbers of lines per minute. */
export interface LogLimits {
  /** For one kind and address. */
  readonly perHost: number;
  /** For one kind in total, including lines without an address. */
  readonly perKind: number;
  /** Number of kinds and addresses that are counted separately; others are counted together. */
  readonly entries: number;
}

export const LOG_LIMITS: LogLimits = { perHost: 10, perKind: 300, entries: 1000 };

/** Longest text in a line that untrusted clients can cause, in characters. */
const MAX_CAUSED_TEXT = 500;

/** Length of a window in seconds; at its end, the omitted lines are reported. */
const WINDOW_SECONDS = 60;

/** Most summary lines of one window. */
const MAX_SUMMARIES = 20;

/** Number of lines of one kind in this window. */
interface Entry {
  readonly cause: LogCause;
  readonly category: readonly string[];
  written: number;
  left: number;
}

/**
 * Limits the number of log lines that untrusted clients can cause. Omitted lines are counted and reported once a
 * minute.
 */
export class LogLimiter implements Disposable {
  readonly #limits: LogLimits;
  readonly #entries = new Map<string, Entry>();
  readonly #perKind = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limits: LogLimits = LOG_LIMITS) {
    this.#limits = limits;
  }

  /** Counts a record and returns whether to write it. */
  allows(record: LogRecord): boolean {
    const cause = causeOf(record);
    if (cause === undefined) return true;
    this.#startWindow();
    const entry = this.#entryOf(cause, record.category);
    const ofKind = this.#perKind.get(cause.kind) ?? 0;
    const perHost = entry.cause.host === undefined ? this.#limits.perKind : this.#limits.perHost;
    if (entry.written >= perHost || ofKind >= this.#limits.perKind) {
      entry.left++;
      return false;
    }
    entry.written++;
    this.#perKind.set(cause.kind, ofKind + 1);
    return true;
  }

  /** Reports the omitted lines and starts a new window. */
  endWindow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const omitting = [...this.#entries.values()].filter(({ left }) => left > 0)
      .sort((a, b) => b.left - a.left);
    this.#entries.clear();
    this.#perKind.clear();
    for (const { cause: { kind, host }, category, left } of omitting.slice(0, MAX_SUMMARIES)) {
      const from = host === undefined ? "" : ` from ${host}`;
      getLogger([...category]).warn("{left} more {kind}{from} in the last minute are not listed", {
        left,
        kind,
        from,
      });
    }
    const rest = omitting.slice(MAX_SUMMARIES);
    if (rest.length === 0) return;
    getLogger([...rest[0]!.category]).warn(
      "{left} more lines of {count} other kinds and addresses are not listed",
      { left: rest.reduce((sum, { left }) => sum + left, 0), count: rest.length },
    );
  }

  [Symbol.dispose](): void {
    this.endWindow();
  }

  #startWindow(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.endWindow(), WINDOW_SECONDS * 1000);
    Deno.unrefTimer(this.#timer);
  }

  #entryOf({ kind, host }: LogCause, category: readonly string[]): Entry {
    const full = this.#entries.size >= this.#limits.entries;
    const key = `${kind} ${host}`;
    const found = this.#entries.get(full && !this.#entries.has(key) ? kind : key);
    if (found !== undefined) return found;
    // Beyond this number of addresses, lines of other addresses are counted per kind.
    const entry = { cause: { kind, host: full ? undefined : host }, category, written: 0, left: 0 };
    this.#entries.set(full ? kind : key, entry);
    return entry;
  }
}
