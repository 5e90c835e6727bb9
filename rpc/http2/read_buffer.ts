import { MAX_READ_BYTES, MIN_READ_BYTES } from "./limits.ts";
import type { ByteSocket } from "./socket.ts";

/**
 * Buffer for received bytes of a connection that are not processed yet. It is small while little arrives, because
 * thousands of connections may be idle, and grows while much arrives, because each read is a system call.
 */
export class ReadBuffer {
  #bytes = new Uint8Array(MIN_READ_BYTES);
  #start = 0;
  #end = 0;

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Offset of the first byte. */
  get start(): number {
    return this.#start;
  }

  /** Number of bytes. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Discards the first bytes. */
  skip(count: number): void {
    this.#start += count;
  }

  /**
   * Reads more bytes. Views of earlier bytes are invalid afterwards.
   *
   * @param wanted total number of bytes needed to continue
   * @returns false at the end of the connection
   */
  async fill(socket: ByteSocket, wanted: number): Promise<boolean> {
    this.#makeRoom(wanted);
    const room = this.#bytes.subarray(this.#end);
    const count = await socket.read(room);
    if (count === null) return false;
    this.#end += count;
    const size = this.#bytes.length;
    if (count === room.length) this.#resize(Math.min(2 * size, MAX_READ_BYTES));
    else if (count < room.length / 8) this.#resize(Math.max(size / 2, MIN_READ_BYTES, wanted));
    return true;
  }

  #makeRoom(wanted: number): void {
    if (wanted > this.#bytes.length) return this.#resize(wanted);
    if (this.#start === 0) return;
    this.#bytes.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }

  #resize(size: number): void {
    if (size === this.#bytes.length || size < this.length) return;
    const bytes = new Uint8Array(size);
    bytes.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = bytes;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
