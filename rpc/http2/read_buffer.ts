import { MAX_READ_BYTES, MIN_READ_BYTES } from "./limits.ts";
import type { ByteSocket } from "./socket.ts";

/**
 * What came on a connection and was not looked at yet. Small while little comes, because thousands of connections may be
 * idle; larger while much comes, because each read is a trip to the system.
 */
export class ReadBuffer {
  #bytes = new Uint8Array(MIN_READ_BYTES);
  #start = 0;
  #end = 0;

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Where the first byte is. */
  get start(): number {
    return this.#start;
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Drops the first bytes. */
  skip(count: number): void {
    this.#start += count;
  }

  /**
   * Reads more. Views of what was read before are invalid afterwards.
   *
   * @param wanted how many bytes are needed in all to go on
   * @returns whether anything came
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
