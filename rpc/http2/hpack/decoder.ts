import { decodeHuffman, HuffmanError } from "./huffman.ts";
import { STATIC_TABLE } from "./static_table.ts";

/** A header's name and value, each byte one character. */
export type HeaderField = readonly [name: string, value: string];

/** Bytes that an entry takes in the dynamic table in addition to its texts (RFC 7541, section 4.1). */
const ENTRY_OVERHEAD = 32;

/** Thrown for a header block that cannot be decoded. The two ends then no longer share the same table. */
export class HpackError extends Error {
  override readonly name = "HpackError";
}

/** The header fields of one block. */
export interface HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** Whether fields were omitted because the list exceeded the limit. */
  readonly tooLarge: boolean;
}

/** Decodes the header blocks of one connection in their order (RFC 7541). */
export class HpackDecoder {
  readonly #maxTableBytes: number;
  readonly #maxListBytes: number;
  /** The newest first. */
  readonly #entries: HeaderField[] = [];
  #tableBytes = 0;
  #tableLimit: number;

  /**
   * @param maxTableBytes SETTINGS_HEADER_TABLE_SIZE as it was announced
   * @param maxListBytes limit on a block's fields, with 32 bytes added for each, as SETTINGS_MAX_HEADER_LIST_SIZE
   *   counts
   */
  constructor(maxTableBytes: number, maxListBytes: number) {
    this.#maxTableBytes = this.#tableLimit = maxTableBytes;
    this.#maxListBytes = maxListBytes;
  }

  /** @throws HpackError */
  decode(block: Uint8Array): HeaderBlock {
    const reader = new Reader(block);
    const fields: HeaderField[] = [];
    let listBytes = 0;
    let tooLarge = false;
    while (!reader.done) {
      const field = this.#next(reader, listBytes === 0);
      if (field === undefined) continue;
      listBytes += sizeOf(field);
      // The rest is still decoded, because later blocks refer to its table entries.
      tooLarge ||= listBytes > this.#maxListBytes;
      if (!tooLarge) fields.push(field);
    }
    return { fields, tooLarge };
  }

  /** Reads the next field; undefined for a change of the table's size, which is allowed only at the start. */
  #next(reader: Reader, atStart: boolean): HeaderField | undefined {
    const first = reader.peek();
    if (first & 0x80) return this.#entry(reader.integer(7));
    if (first & 0x40) {
      const field = this.#literal(reader, 6);
      this.#add(field);
      return field;
    }
    if (first & 0x20) {
      const size = reader.integer(5);
      if (!atStart || size > this.#maxTableBytes) {
        throw new HpackError("Invalid size of the dynamic table");
      }
      this.#tableLimit = size;
      this.#evict();
      return undefined;
    }
    return this.#literal(reader, 4);
  }

  #literal(reader: Reader, prefix: number): HeaderField {
    const index = reader.integer(prefix);
    const name = index === 0 ? reader.text() : this.#entry(index)[0];
    return [name, reader.text()];
  }

  #entry(index: number): HeaderField {
    const field = index <= STATIC_TABLE.length
      ? STATIC_TABLE[index - 1]
      : this.#entries[index - STATIC_TABLE.length - 1];
    if (field === undefined) throw new HpackError(`No entry ${index}`);
    return field;
  }

  #add(field: HeaderField): void {
    this.#entries.unshift(field);
    this.#tableBytes += sizeOf(field);
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#tableLimit) this.#tableBytes -= sizeOf(this.#entries.pop()!);
  }
}

function sizeOf([name, value]: HeaderField): number {
  return name.length + value.length + ENTRY_OVERHEAD;
}

/** Reads the parts of a header block. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  peek(): number {
    return this.#bytes[this.#at]!;
  }

  /**
   * Reads an integer whose first bits share a byte with something else (RFC 7541, section 5.1). @param prefix number
   * of these bits
   */
  integer(prefix: number): number {
    const mask = (1 << prefix) - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new HpackError("An integer is too large");
  }

  /** Reads a text, plain or Huffman-coded (RFC 7541, section 5.2). */
  text(): string {
    const huffman = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const length = this.integer(7);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new HpackError("A text is truncated");
    this.#at += length;
    if (!huffman) return String.fromCharCode(...bytes);
    try {
      return decodeHuffman(bytes);
    } catch (error) {
      if (error instanceof HuffmanError) throw new HpackError(error.message);
      throw error;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new HpackError("A header block is truncated");
    return byte;
  }
}
