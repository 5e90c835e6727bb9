/** Bytes of a process' last output that are kept to explain a crash. */
const MAX_OUTPUT_TAIL_BYTES = 16 * 1024;

/** The last output of a process, from all its streams, in the order of arrival. */
export class OutputTail {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** @param limit bytes to keep */
  constructor(limit: number = MAX_OUTPUT_TAIL_BYTES) {
    this.#limit = limit;
  }

  /** Reads a stream to its end. Never rejects: a broken stream counts as ended. */
  async read(stream: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of stream) this.#add(chunk);
    } catch {
      // The output so far is kept.
    }
  }

  /** The kept output. Its first character may be incomplete. */
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
