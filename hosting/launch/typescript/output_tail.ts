/** Last bytes that an app's process wrote, beside the app, which are kept to explain a crash. */
const MAX_OUTPUT_TAIL_BYTES = 16 * 1024;

/** The last of what a process writes, on however many streams, in the order in which it came. */
export class OutputTail {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** @param limit how many bytes are kept */
  constructor(limit: number = MAX_OUTPUT_TAIL_BYTES) {
    this.#limit = limit;
  }

  /** Reads a stream to its end. Never rejects: a stream that breaks has ended. */
  async read(stream: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of stream) this.#add(chunk);
    } catch {
      // What came before is kept.
    }
  }

  /** What was kept; the first character may be cut. */
  text(): string {
    const decoder = new TextDecoder();
    const text = this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
    return text.slice(-this.#limit);
  }

  #add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes - this.#chunks[0]!.length >= this.#limit) {
      this.#bytes -= this.#chunks.shift()!.length;
    }
  }
}
