import { type LogRecord, parseLogRecord, recordText } from "./log_record.ts";

// deno-lint-ignore no-control-regex -- colour codes start with the escape character
const COLOURS = /\x1b\[[0-9;]*m/g;

/** One line of a process' output. */
export interface OutputLine {
  /** The line as it was printed, without colours; a record as the text format shows it. */
  readonly text: string;
  /** The record, where the line is one of a log in JSON. */
  readonly record?: LogRecord;
}

/** A process' output as lines that can be waited on. */
export class LogLines {
  readonly #lines: OutputLine[] = [];
  readonly #texts: string[] = [];
  #ended = false;
  #waiters: (() => void)[] = [];

  /** Reads one of the process' streams to its end. Several may feed the same lines. */
  async readFrom(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (
      const text of stream.pipeThrough(
        new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>,
      )
    ) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#add(lines);
    }
    if (rest !== "") this.#add([rest]);
  }

  /** Nothing comes any more: those who still wait learn that it is over. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The texts of all lines until now. */
  get lines(): readonly string[] {
    return this.#texts;
  }

  /** All records of a log in JSON until now. */
  get records(): readonly LogRecord[] {
    return this.#lines.flatMap(({ record }) => record === undefined ? [] : [record]);
  }

  /**
   * The first line from `from` on for which `match` gives something, printed already or still to come.
   *
   * @returns what it gives and the number of the line after it; undefined when the output ended without one
   */
  async find<T>(
    match: (line: OutputLine) => T | undefined | null,
    from = 0,
  ): Promise<{ match: T; next: number } | undefined> {
    for (let index = from;; index++) {
      while (index >= this.#lines.length) {
        if (this.#ended) return undefined;
        await new Promise<void>((resolve) => this.#waiters.push(resolve));
      }
      const found = match(this.#lines[index]!);
      if (found !== undefined && found !== null) return { match: found, next: index + 1 };
    }
  }

  #add(lines: readonly string[]): void {
    for (const line of lines) {
      const plain = line.replace(COLOURS, "").replace(/\r$/, "");
      const record = parseLogRecord(plain);
      const [text, ...further] = record === undefined ? [plain] : recordText(record).split("\n");
      this.#lines.push({ text: text!, record }, ...further.map((text) => ({ text })));
      this.#texts.push(text!, ...further);
    }
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
