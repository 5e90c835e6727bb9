import { counted } from "../../../../base/readable.ts";
import { RunLogLines } from "../../../../base/run_log_lines.ts";

/** Most characters of log that an app's process buffers while the SuperLink stores earlier lines. The rest is dropped. */
export const MAX_WAITING_LOG_CHARS = 1024 * 1024;

/** Most bytes of one batch: the buffer at three bytes per character, and the note about dropped lines. */
export const MAX_BATCH_BYTES: number = 3 * MAX_WAITING_LOG_CHARS + 1024;

/** Characters that each line counts as at least: the length of its time stamp. */
export const MIN_LINE_CHARS = 24;

/** Log of an app: splits its output into lines with time stamps, and sends them in batches, one at a time. */
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
   * @param send sends a batch. Call {@link stored} once it is stored
   * @param delayMs milliseconds for which lines are collected into a batch
   */
  constructor(send: (lines: readonly string[]) => void, delayMs: number) {
    this.#send = send;
    this.#delayMs = delayMs;
  }

  /** Adds the output of one call. Text after the last line break waits for the rest of its line. */
  write(text: string): void {
    const lines = (this.#unfinished + this.#lines.next(text)).split("\n");
    this.#unfinished = lines.pop()!;
    for (const line of lines) this.#add(line);
  }

  /** Adds a message of the program itself, on a line of its own. */
  writeMessage(text: string): void {
    this.#endLine();
    this.write(`${text}\n`);
  }

  /** Sends everything that is buffered, including a line without a line break. */
  flush(): void {
    this.#endLine();
    this.#sendBatch();
  }

  /** The batch that was sent is stored. */
  stored(): void {
    this.#sending = false;
    if (this.#waiting.length > 0) this.#sendBatch();
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
    if (!this.#sending) this.#timer ??= setTimeout(() => this.#sendBatch(), this.#delayMs);
  }

  #sendBatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#dropped > 0) {
      this.#waiting.push(
        `(${
          counted(this.#dropped, "line")
        } dropped: the app writes faster than its log is stored)\n`,
      );
      this.#dropped = 0;
    }
    if (this.#waiting.length === 0) return;
    this.#sending = true;
    this.#send(this.#waiting);
    this.#waiting = [];
    this.#waitingChars = 0;
  }
}
