import type { ObjectId } from "../../../entities/object.ts";

/**
 * Cache of the bytes of objects. An id is the hash of its object's bytes, so entries never become wrong. Whether the
 * object is stored is another question, which only the store can answer.
 */
export class BytesCache {
  readonly #entries = new Map<ObjectId, Uint8Array>();
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes largest sum of the bytes. The least recently used entries are removed first */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(id: ObjectId): Uint8Array | undefined {
    const bytes = this.#entries.get(id);
    if (bytes !== undefined) {
      this.#entries.delete(id);
      this.#entries.set(id, bytes);
    }
    return bytes;
  }

  set(id: ObjectId, bytes: Uint8Array): void {
    this.#remove(id);
    if (bytes.length > this.#maxBytes) return;
    // A copy, because a part of a request would keep the whole request in memory.
    this.#entries.set(id, bytes.length < bytes.buffer.byteLength ? bytes.slice() : bytes);
    this.#bytes += bytes.length;
    for (const [oldest] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#remove(oldest);
    }
  }

  #remove(id: ObjectId): void {
    const bytes = this.#entries.get(id);
    if (bytes === undefined) return;
    this.#entries.delete(id);
    this.#bytes -= bytes.length;
  }
}
