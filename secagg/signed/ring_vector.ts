import { FlwrError } from "../../base/error.ts";

/** Bits of a vector's elements: they are added modulo 2³² or 2⁶⁴. */
export type RingBits = 32 | 64;

const WORD = 2 ** 32;

/**
 * A vector of integers modulo 2³² or 2⁶⁴. An element of 64 bits is two words, the lower one first, so that the bytes are
 * those of little-endian integers.
 */
export class RingVector {
  /** Bits of an element. */
  readonly bits: RingBits;
  /** Number of elements. */
  readonly length: number;
  /** The elements' 32-bit words. */
  readonly words: Int32Array<ArrayBuffer>;

  /** @param words default: zeros */
  constructor(bits: RingBits, length: number, words?: Int32Array<ArrayBuffer>) {
    this.bits = bits;
    this.length = length;
    this.words = words ?? new Int32Array(length * bits / 32);
  }

  /**
   * Reads elements from bytes, which are not copied if their position allows it.
   *
   * @throws FlwrError "invalid-argument" when there are more or fewer bytes than the elements have
   */
  static fromBytes(bits: RingBits, length: number, bytes: Uint8Array): RingVector {
    const expected = length * bits / 8;
    if (bytes.length !== expected) {
      throw new FlwrError(
        "invalid-argument",
        `A masked vector has ${bytes.length} bytes, expected ${expected}: ${length} elements of ${bits} bits`,
      );
    }
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    const words = new Int32Array(aligned.buffer as ArrayBuffer, aligned.byteOffset, expected / 4);
    return new RingVector(bits, length, words);
  }

  /** A view of the elements' bytes, little-endian on all machines that Deno supports. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = this.words;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  /** Sets an element. @param value a whole number, at most 2⁵³ in size */
  set(at: number, value: number): void {
    if (this.bits === 32) this.words[at] = value;
    else {
      this.words[2 * at] = value;
      this.words[2 * at + 1] = Math.floor(value / WORD);
    }
  }

  /** An element as a signed number, rounded to the nearest double if it is beyond 2⁵³ in size. */
  get(at: number): number {
    if (this.bits === 32) return this.words[at]!;
    return this.words[2 * at + 1]! * WORD + (this.words[2 * at]! >>> 0);
  }

  /** Adds another vector of the same length, in place. */
  add(other: RingVector): void {
    addWords(this.words, other.words, this.bits, 1);
  }
}

/**
 * Adds the words of elements to those of others, or subtracts them, in place.
 *
 * @param words as many as `target` has
 */
export function addWords(
  target: Int32Array,
  words: Int32Array,
  bits: RingBits,
  sign: 1 | -1,
): void {
  const { length } = target;
  if (bits === 32) {
    if (sign === 1) { for (let i = 0; i < length; i++) target[i] = target[i]! + words[i]! | 0; }
    else for (let i = 0; i < length; i++) target[i] = target[i]! - words[i]! | 0;
    return;
  }
  for (let i = 0; i < length; i += 2) {
    const before = target[i]! >>> 0;
    if (sign === 1) {
      const low = before + (words[i]! >>> 0);
      target[i] = low | 0;
      target[i + 1] = target[i + 1]! + words[i + 1]! + (low >= WORD ? 1 : 0) | 0;
    } else {
      const low = before - (words[i]! >>> 0);
      target[i] = low | 0;
      target[i + 1] = target[i + 1]! - words[i + 1]! - (low < 0 ? 1 : 0) | 0;
    }
  }
}
