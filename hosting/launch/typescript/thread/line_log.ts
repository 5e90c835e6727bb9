import { formatWithOptions } from "node:util";
import { RunLogLines } from "../../../../base/run_log_lines.ts";

/** Characters of log that wait beside an app while the SuperLink stores what came before; the rest is dropped. */
export const MAX_WAITING_LOG_CHARS = 1024 * 1024;

/** Bytes of log that come together: what waited, three bytes a character, and a note of what was dropped. */
export const MAX_BATCH_BYTES: number = 3 * MAX_WAITING_LOG_CHARS + 1024;

/** Characters that a line of log counts as at least: those of a time. */
export const MIN_LINE_CHARS = 24;

/** The console's functions that write a line of what they are given. */
const WRITERS = ["log", "info", "warn", "error", "debug", "trace"] as const;

/** Gathers what an app writes into lines with their times, and hands them on in batches, one at a time. */
export class LineLog {
  readonly #send: (lines: readonly string[]) => void;
  readonly #delayMs: number;
  readonly #lines = new RunLogLines(() => new Date().toISOString());
  #waiting: string[] = [];
  #waitingChars = 0;
  #dropped = 0;
  #unfinished = "";
  #sending = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param send takes a batch; {@link stored} must be called once it is stored
   * @param delayMs for how long lines are gathered
   */
  constructor(send: (lines: readonly string[]) => void, delayMs: number) {
    this.#send = send;
    this.#delayMs = delayMs;
  }

  /** Takes what one call wrote; what follows its last line end waits for the rest of the line. */
  write(text: string): void {
    const lines = (this.#unfinished + this.#lines.next(text)).split("\n");
    this.#unfinished = lines.pop()!;
    for (const line of lines) this.#add(line);
  }

  /** Takes a message of our own: it begins on a line of its own. */
  writeMessage(text: string): void {
    this.#endLine();
    this.write(`${text}\n`);
  }

  /** Hands on what waits, also a line without an end. */
  flush(): void {
    this.#endLine();
    this.#hand();
  }

  /** The batch that was sent is stored. */
  stored(): void {
    this.#sending = false;
    if (this.#waiting.length > 0) this.#hand();
  }

  #endLine(): void {
    if (this.#lines.within) this.write("\n");
  }

  #add(line: string): void {
    const text = `${line.trimEnd()}\n`;
    const chars = Math.max(text.length, MIN_LINE_CHARS);
    if (this.#waitingChars + chars > MAX_WAITING_LOG_CHARS) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(text);
    this.#waitingChars += chars;
    if (!this.#sending) this.#timer ??= setTimeout(() => this.#hand(), this.#delayMs);
  }

  #hand(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#dropped > 0) {
      this.#waiting.push(`(${this.#dropped} lines dropped: they came faster than they are kept)\n`);
      this.#dropped = 0;
    }
    if (this.#waiting.length === 0) return;
    this.#sending = true;
    this.#send(this.#waiting);
    this.#waiting = [];
    this.#waitingChars = 0;
  }
}

/** Sends what the app writes, to the console or to stdout and stderr, to the log. */
export function captureConsole(log: LineLog): void {
  for (const name of WRITERS) {
    console[name] = (...values: unknown[]) =>
      log.write(formatWithOptions({ colors: false }, ...values) + "\n");
  }
  const decoder = new TextDecoder();
  const writeSync = (bytes: Uint8Array) => {
    log.write(decoder.decode(bytes, { stream: true }));
    return bytes.length;
  };
  for (const stream of [Deno.stdout, Deno.stderr]) {
    stream.writeSync = writeSync;
    stream.write = (bytes) => Promise.resolve(writeSync(bytes));
  }
}
