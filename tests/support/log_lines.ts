// deno-lint-ignore no-control-regex -- colour codes start with the escape character
const COLOURS = /\x1b\[[0-9;]*m/g;

/** A process' output as lines without colours, that can be waited on. */
export class LogLines {
  readonly #lines: string[] = [];
  #ended = false;
  #waiters: (() => void)[] = [];

  /** Reads one of the process' streams to its end. Several may feed the same lines. */
  async readFrom(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
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

  /** All lines until now. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /**
   * The first line from `from` on that the pattern matches, printed already or still to come.
   *
   * @returns the match and the number of the line after it; undefined when the output ended without one
   */
  async find(
    pattern: RegExp,
    from = 0,
  ): Promise<{ match: RegExpMatchArray; next: number } | undefined> {
    for (let index = from;; index++) {
      while (index >= this.#lines.length) {
        if (this.#ended) return undefined;
        await new Promise<void>((resolve) => this.#waiters.push(resolve));
      }
      const match = this.#lines[index]!.match(pattern);
      if (match !== null) return { match, next: index + 1 };
    }
  }

  #add(lines: readonly string[]): void {
    this.#lines.push(...lines.map((line) => line.replace(COLOURS, "").replace(/\r$/, "")));
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
