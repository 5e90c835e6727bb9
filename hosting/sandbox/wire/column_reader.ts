import { malformed } from "./record_columns.ts";

/** Reads a column's elements one after the other. */
export class ColumnReader<T> {
  #at = 0;
  constructor(readonly elements: ArrayLike<T>) {}

  next(): T {
    if (this.#at >= this.elements.length) throw malformed();
    return this.elements[this.#at++]!;
  }

  /** The next elements as a list. */
  nextList(length: number): T[] {
    if (length > this.elements.length - this.#at) throw malformed();
    const list: T[] = [];
    for (const end = this.#at + length; this.#at < end; this.#at++) {
      list.push(this.elements[this.#at]!);
    }
    return list;
  }

  get isAtEnd(): boolean {
    return this.#at === this.elements.length;
  }
}

/** Reads texts from one joined text and their lengths in UTF-16 units. */
export class TextReader {
  readonly lengths: Uint32Array;
  readonly #all: string;
  readonly #maxLength: number;
  #next = 0;
  #at = 0;

  constructor(lengths: Uint32Array, joined: Uint8Array, maxLength: number) {
    this.lengths = lengths;
    this.#maxLength = maxLength;
    try {
      // `ignoreBOM` means that a byte order mark stays part of the text.
      this.#all = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(joined);
    } catch (cause) {
      throw malformed(cause);
    }
  }

  next(): string {
    if (this.#next >= this.lengths.length) throw malformed();
    const length = this.lengths[this.#next++]!;
    const end = this.#at + length;
    if (length > this.#maxLength || end > this.#all.length) throw malformed();
    const text = this.#all.slice(this.#at, end);
    this.#at = end;
    return text;
  }

  get isAtEnd(): boolean {
    return this.#next === this.lengths.length && this.#at === this.#all.length;
  }
}
