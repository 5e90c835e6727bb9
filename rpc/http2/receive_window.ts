/** Flow control of received content (RFC 9113 section 5.2): of a stream, or of all streams of a connection together. */
export class ReceiveWindow {
  readonly #size: number;
  /** Bytes that the client may still send. */
  #left: number;
  /** Bytes that were consumed but not yet announced to the client. */
  #unannounced = 0;

  /** @param size bytes that the client may send before they are consumed */
  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** Counts received bytes. @returns whether the client was allowed to send them */
  receive(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /**
   * Counts consumed bytes.
   *
   * @returns bytes to announce to the client now: 0 until they are half of the window, so that few frames are needed
   */
  consume(bytes: number): number {
    this.#unannounced += bytes;
    if (this.#unannounced < this.#size / 2) return 0;
    const announced = this.#unannounced;
    this.#left += announced;
    this.#unannounced = 0;
    return announced;
  }
}
