/**
 * Byte string under construction, as a list of views. Adjacent views are merged, so all pieces of an array, appended
 * in order, become that array again.
 */
export class Rope {
  length = 0;
  readonly #parts: Uint8Array[] = [];

  append(part: Uint8Array): void {
    if (part.length === 0) return;
    this.length += part.length;
    const last = this.#parts.at(-1);
    if (
      last !== undefined && last.buffer === part.buffer &&
      last.byteOffset + last.length === part.byteOffset
    ) {
      const joined = new Uint8Array(last.buffer, last.byteOffset, last.length + part.length);
      this.#parts[this.#parts.length - 1] = joined;
    } else {
      this.#parts.push(part);
    }
  }

  appendAll(other: Rope): void {
    for (const part of other.#parts) this.append(part);
  }

  /** Whether the rope is exactly this view: the same memory, nothing added or omitted. */
  is(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return this.length === 0;
    const [only] = this.#parts;
    return this.#parts.length === 1 && only!.buffer === bytes.buffer &&
      only!.byteOffset === bytes.byteOffset && only!.length === bytes.length;
  }

  /** The bytes in one piece: a view if there is only one, otherwise a copy. */
  join(): Uint8Array {
    if (this.#parts.length === 1) return this.#parts[0]!;
    const bytes = new Uint8Array(this.length);
    let offset = 0;
    for (const part of this.#parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return bytes;
  }
}
