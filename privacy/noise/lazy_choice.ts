import type { Entropy } from "./entropy.ts";

/** The weights of the numbers 0, 1, 2, …, as whole multiples of 2^−bits. */
export interface FixedPointWeights {
  /** Each has an error of at most 1. They end where a weight is below 1. */
  readonly weights: readonly bigint[];
  /** At least the sum of all weights after those. */
  readonly rest: bigint;
}

/** Bits of a uniform number that decide nearly every choice. */
const FIRST_BITS = 31;
const CELL = 2 ** -FIRST_BITS;

/** Bits that are added where a decision is still open. */
const MORE_BITS = 32;

/** Bits of the weights beyond those of the uniform number: an open decision is then one in 2³² again. */
const WEIGHT_BITS = 64;

/** Bits of the weights that the first open decision needs. */
export const FIRST_WEIGHT_BITS = FIRST_BITS + MORE_BITS + WEIGHT_BITS;

/** The table where the search begins has 2 to the power of these entries, at least. */
const LEAST_GUIDE_BITS = 12;

/**
 * Chooses a number from 0 with a probability in proportion to its weight, exactly.
 *
 * A uniform number in [0, 1) is compared with the cumulative weights. Its first bits decide, unless a limit lies within them
 * or too close for float64. More bits are then drawn and compared in whole numbers, until they decide.
 */
export class LazyChoice {
  /** From where on a number is certainly beyond a limit, and up to where its first bits are certainly below it. */
  readonly #beyond: Float64Array;
  readonly #below: Float64Array;
  readonly #guide: Uint32Array;
  readonly #guideShift: number;
  readonly #exact: (bits: number) => FixedPointWeights;
  readonly #sums = new Map<number, { sums: bigint[]; error: bigint; most: bigint }>();

  /**
   * Prepares the choice.
   *
   * @param weights as doubles: the errors of all together, and what is left out at the end, are below 2⁻⁴⁷ of their sum
   * @param exact the same weights with any precision
   */
  constructor(weights: Float64Array, exact: (bits: number) => FixedPointWeights) {
    const count = weights.length;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    // Each addition is off by 2⁻⁵³ of the sum at most.
    const tolerance = (count + 64) * 2 ** -52;
    this.#beyond = new Float64Array(count);
    this.#below = new Float64Array(count);
    let sum = 0;
    weights.forEach((weight, k) => {
      const limit = (sum += weight) / total;
      this.#beyond[k] = limit + tolerance;
      this.#below[k] = limit - tolerance - CELL;
    });
    // The search ends at the last entry, whose upper limit only the exact weights know.
    this.#beyond[count - 1] = Infinity;
    const bits = Math.max(LEAST_GUIDE_BITS, Math.ceil(Math.log2(count)));
    this.#guideShift = FIRST_BITS - bits;
    this.#guide = new Uint32Array(2 ** bits);
    for (let cell = 0, k = 0; cell < this.#guide.length; cell++) {
      while (cell / this.#guide.length >= this.#beyond[k]!) k++;
      this.#guide[cell] = k;
    }
    this.#exact = exact;
  }

  /**
   * The chosen number; −1 if the first bits do not decide: then call {@link chooseExactly}.
   *
   * @param first the first 31 bits of the uniform number, as a whole number
   */
  choose(first: number): number {
    const uniform = first * CELL;
    let k = this.#guide[first >>> this.#guideShift]!;
    while (uniform >= this.#beyond[k]!) k++;
    return uniform <= this.#below[k]! ? k : -1;
  }

  /** The chosen number, with as many more random bits as it takes. */
  chooseExactly(first: number, entropy: Entropy): number {
    // The first bits alone have not decided.
    let uniform = BigInt(first) << BigInt(MORE_BITS) | BigInt(entropy.next());
    for (let bits = FIRST_BITS + MORE_BITS;; bits += MORE_BITS) {
      const { sums, error, most } = this.#sumsWith(bits + WEIGHT_BITS);
      const [least, last, scale] = [most - 2n * error, sums.length - 1, BigInt(bits)];
      // The first number whose cumulative weight may exceed the uniform number.
      let [low, high] = [0, last];
      while (low < high) {
        const middle = low + high >> 1;
        if (uniform * least >= (sums[middle]! + error) << scale) low = middle + 1;
        else high = middle;
      }
      const isDecided = (uniform + 1n) * most <= (sums[low]! - error) << scale;
      if (isDecided) return low;
      uniform = uniform << BigInt(MORE_BITS) | BigInt(entropy.next());
    }
  }

  /** Cumulative weights, the largest error of each, and the most that all weights together can be. */
  #sumsWith(bits: number): { sums: bigint[]; error: bigint; most: bigint } {
    const known = this.#sums.get(bits);
    if (known !== undefined) return known;
    const { weights, rest } = this.#exact(bits);
    let sum = 0n;
    const sums = weights.map((weight) => sum += weight);
    const error = BigInt(weights.length) + rest;
    const made = { sums, error, most: sum + error };
    this.#sums.set(bits, made);
    return made;
  }
}

/** How much a probability that is computed in float64 may be off, in {@link isBelow}. */
const PROBABILITY_TOLERANCE = 2 ** -45;

/**
 * Decides whether a uniform number in [0, 1) is below a probability, exactly.
 *
 * @param first the first bits of the uniform number, as a whole number
 * @param bits their number, up to 32
 * @param probability with an error below 2⁻⁴⁵
 * @param exact the probability · 2^bits, with an error below 1
 */
export function isBelow(
  first: number,
  bits: number,
  probability: number,
  exact: (bits: number) => bigint,
  entropy: Entropy,
): boolean {
  if ((first + 1) * 2 ** -bits + PROBABILITY_TOLERANCE <= probability) return true;
  if (first * 2 ** -bits >= probability + PROBABILITY_TOLERANCE) return false;
  for (let uniform = BigInt(first);; bits += MORE_BITS) {
    const precise = exact(bits + WEIGHT_BITS);
    const low = uniform << BigInt(WEIGHT_BITS);
    if (low + (1n << BigInt(WEIGHT_BITS)) < precise) return true;
    if (low > precise) return false;
    uniform = uniform << BigInt(MORE_BITS) | BigInt(entropy.next());
  }
}
