import type { TypedArray } from "../../../tensor/dtype.ts";

/** Elements that share an anchor. */
const GROUP = 256;
/** Doubles per element. */
const LANES = 3;
/** Bits between the grids of two lanes. */
const LANE_BITS = 28;
/** Most arrays in a sum: each has at most half a grid of the next lane, and a double holds 2^53 of a lane's own. */
export const MAX_TERMS = 2 ** 24;
/** Anchors beyond which the grids of lanes are no normal doubles. */
const LEAST_ANCHOR = -35;
const MOST_ANCHOR = 34;
/** Anchor of a group without terms. Memory begins with zeros, so anchors are stored with an offset. */
const EMPTY = 0;
const OFFSET = 1000;
/** Anchor of a group with a term that is not finite, or too large to be summed. */
const OVERFLOW = 2000;

const BITS = new Float64Array(1);
const HIGH_WORD = new Int32Array(BITS.buffer);
/** The terms of a group. */
const TERMS = new Float64Array(GROUP);

/**
 * A sum of weighted arrays that is the same, bit for bit, in any order and however the arrays are divided among sums
 * that are merged: Demmel and Nguyen, "Parallel Reproducible Summation", IEEE Transactions on Computers 64 (2015).
 *
 * Each term is cut into parts that are multiples of fixed grids, 2 to the power of `LANE_BITS` times an integer. Sums of
 * such multiples are exact. So the result is the exact sum of all terms, each rounded to the lowest grid of its group of
 * elements. That grid depends on the group's largest term alone, which has no order. It lies at least 55 bits below
 * the largest term.
 *
 * Why a raised anchor changes nothing: a term is at most half a grid of the lane above its anchor, so its part there
 * would be 0 (a tie rounds to even). Its parts on the lanes that remain are therefore the same as if the anchor had been
 * there from the beginning, and each lane is an exact sum of parts that depend on nothing but their term.
 */
export class BinnedSum {
  readonly #length: number;
  readonly #anchors: Int32Array;
  readonly #lanes: readonly Float64Array[];

  /**
   * Continues a sum in memory, which contains zeros at the beginning.
   *
   * @param length number of elements
   * @param memory {@link BinnedSum.bytes} bytes
   */
  constructor(length: number, memory: ArrayBufferLike, offset: number) {
    this.#length = length;
    const groups = Math.ceil(length / GROUP);
    this.#lanes = Array.from(
      { length: LANES },
      (_, lane) => new Float64Array(memory, offset + lane * length * 8, length),
    );
    this.#anchors = new Int32Array(memory, offset + LANES * length * 8, groups);
  }

  /** Bytes of a sum's memory, a multiple of 8. */
  static bytes(length: number): number {
    return LANES * length * 8 + Math.ceil(Math.ceil(length / GROUP) / 2) * 8;
  }

  /** Adds weight · data, each product rounded to a double. */
  add(data: TypedArray, weight: number): void {
    for (let group = 0, from = 0; from < this.#length; group++, from += GROUP) {
      const count = Math.min(GROUP, this.#length - from);
      const largest = data instanceof Float32Array
        ? terms32(data, from, count, weight)
        : terms(data, from, count, weight);
      if (largest === 0) continue;
      const anchor = this.#raise(group, from, count, this.#anchorOf(largest));
      if (anchor !== OVERFLOW) this.#split(from, count, anchor);
    }
  }

  /** Adds the terms of another sum of arrays of the same length. */
  merge(other: BinnedSum): void {
    for (let group = 0, from = 0; from < this.#length; group++, from += GROUP) {
      const stored = other.#anchors[group]!;
      if (stored === EMPTY) continue;
      const count = Math.min(GROUP, this.#length - from);
      const anchor = this.#raise(
        group,
        from,
        count,
        stored === OVERFLOW ? stored : stored - OFFSET,
      );
      if (anchor === OVERFLOW) continue;
      const dropped = anchor - (stored - OFFSET);
      for (let lane = dropped; lane < LANES; lane++) {
        const [sum, part] = [this.#lanes[lane]!, other.#lanes[lane - dropped]!];
        for (let i = from; i < from + count; i++) sum[i] = sum[i]! + part[i]!;
      }
    }
  }

  /**
   * Writes the sum divided by a number. NaN stands for elements that are not finite.
   *
   * @param result an array with the same number of elements
   */
  divide(divisor: number, result: Float16Array | Float32Array | Float64Array): void {
    const [first, second, third] = this.#lanes as [Float64Array, Float64Array, Float64Array];
    for (let group = 0, from = 0; from < this.#length; group++, from += GROUP) {
      const end = Math.min(this.#length, from + GROUP);
      const stored = this.#anchors[group]!;
      if (stored === EMPTY || stored === OVERFLOW) {
        result.fill(stored === EMPTY ? 0 : NaN, from, end);
        continue;
      }
      for (let i = from; i < end; i++) {
        result[i] = (first[i]! + (second[i]! + third[i]!)) / divisor;
      }
    }
  }

  /**
   * The anchor for a group's largest term: the top lane's grid is 2^(LANE_BITS · anchor), and the term is at most half a
   * grid of a lane above it.
   */
  #anchorOf(largest: number): number {
    if (!(largest < Infinity)) return OVERFLOW;
    BITS[0] = largest;
    // largest < 2^exponent
    const exponent = ((HIGH_WORD[1]! >>> 20) & 0x7ff) - 1022;
    const anchor = Math.ceil((exponent + 1) / LANE_BITS) - 1;
    return anchor > MOST_ANCHOR ? OVERFLOW : Math.max(anchor, LEAST_ANCHOR);
  }

  /** Raises a group's anchor if it is lower, which drops the lowest lanes. @returns its anchor */
  #raise(group: number, from: number, count: number, anchor: number): number {
    const stored = this.#anchors[group]!;
    if (stored === OVERFLOW || anchor === OVERFLOW) {
      this.#anchors[group] = OVERFLOW;
      return OVERFLOW;
    }
    if (stored !== EMPTY && stored - OFFSET >= anchor) return stored - OFFSET;
    this.#anchors[group] = anchor + OFFSET;
    if (stored === EMPTY) return anchor;
    const dropped = anchor - (stored - OFFSET);
    for (let lane = LANES - 1; lane >= 0; lane--) {
      const sum = this.#lanes[lane]!;
      if (lane < dropped) sum.fill(0, from, from + count);
      else sum.set(this.#lanes[lane - dropped]!.subarray(from, from + count), from);
    }
    return anchor;
  }

  /** Adds the parts of a group's terms to the lanes. */
  #split(from: number, count: number, anchor: number): void {
    const [first, second, third] = this.#lanes as [Float64Array, Float64Array, Float64Array];
    // Adding and subtracting 1.5 · 2^52 grids rounds to a multiple of the grid, ties to even.
    const round1 = 1.5 * 2 ** (52 + LANE_BITS * anchor);
    const round2 = round1 / 2 ** LANE_BITS;
    const round3 = round2 / 2 ** LANE_BITS;
    // Without branches: parts are zero at random, and wrong guesses take four times as long.
    for (let i = 0, at = from; i < count; i++, at++) {
      const term = TERMS[i]!;
      const high = (term + round1) - round1;
      first[at] = first[at]! + high;
      const rest = term - high;
      const middle = (rest + round2) - round2;
      second[at] = second[at]! + middle;
      third[at] = third[at]! + ((rest - middle) + round3 - round3);
    }
  }
}

/** Computes the terms of a group. @returns the largest absolute value, NaN if there is one */
function terms32(data: Float32Array, from: number, count: number, weight: number): number {
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const term = weight * data[from + i]!;
    TERMS[i] = term;
    largest = Math.max(largest, Math.abs(term)); // NaN stays
  }
  return largest;
}

/** {@link terms32} for arrays of any type. */
function terms(data: TypedArray, from: number, count: number, weight: number): number {
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const term = weight * Number(data[from + i]!);
    TERMS[i] = term;
    largest = Math.max(largest, Math.abs(term)); // NaN stays
  }
  return largest;
}
