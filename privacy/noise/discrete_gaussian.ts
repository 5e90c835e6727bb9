import type { Entropy } from "./entropy.ts";
import { expNegative, type Fraction, fractionOf } from "./exp_fixed_point.ts";
import { type FixedPointWeights, isBelow, LazyChoice } from "./lazy_choice.ts";

/** Smallest and largest standard deviation: samples are exact as doubles. */
const [LEAST_DEVIATION, LARGEST_DEVIATION] = [2 ** -20, 2 ** 47];

/** A block is at most this part of a deviation wide. */
const BLOCK_BITS = 4;

/** Standard deviations beyond which the table of blocks ends: exp(−x² / 2) is below 2⁻⁵³ · 2⁻²⁰. */
const TABLE_DEVIATIONS = 11;

/** How much a probability that is computed in float64 may be off: about 2⁻⁵⁰, with some to spare. */
const TOLERANCE = 2 ** -45;

/**
 * The discrete Gaussian distribution: whole numbers z with a probability proportional to exp(−z² / 2σ²) (Canonne, Kamath,
 * Steinke, 2020, arXiv:2004.00010). Samples have exactly this distribution, even in the tails, if the entropy is
 * uniform.
 *
 * |z| = k · W + x, with a block k and a place x below its width W, a power of two. A block is chosen in proportion to
 * exp(−(kW)² / 2σ²) from a table, a place uniformly, and it is accepted with probability exp(−x(x + 2kW) / 2σ²).
 * Decisions that float64 cannot make with certainty are made in whole numbers, with more random bits ({@link
 * LazyChoice}).
 */
export class DiscreteGaussian {
  readonly #blocks: LazyChoice;
  /** A bound of the probability with which any place of a block is accepted, from below: that of the next block's start. */
  readonly #surely: Float64Array;
  readonly #width: number;
  readonly #placeBits: number;
  /** 1 / 2σ². */
  readonly #factor: number;
  /** 2σ². */
  readonly #twiceVariance: Fraction;

  /**
   * Prepares the distribution.
   *
   * @param deviation σ, from 2⁻²⁰ to 2⁴⁷: the standard deviation (if σ is below 1/2, the standard deviation is smaller)
   * @throws RangeError for another one
   */
  constructor(deviation: number) {
    if (!(deviation >= LEAST_DEVIATION && deviation <= LARGEST_DEVIATION)) {
      throw new RangeError(`A deviation must be from 2⁻²⁰ to 2⁴⁷: got ${deviation}`);
    }
    const { numerator, denominator } = fractionOf(deviation);
    this.#placeBits = Math.max(0, Math.floor(Math.log2(deviation)) - BLOCK_BITS);
    this.#width = 2 ** this.#placeBits;
    this.#factor = 1 / (2 * deviation * deviation);
    this.#twiceVariance = { numerator: 2n * numerator ** 2n, denominator: denominator ** 2n };
    const count = Math.ceil(TABLE_DEVIATIONS * deviation / this.#width) + 1;
    const weights = Float64Array.from(
      { length: count },
      (_, k) => Math.exp(-((k * this.#width) ** 2) * this.#factor),
    );
    this.#surely = weights.map((weight, k) =>
      k + 1 < count ? weights[k + 1]! / weight - TOLERANCE : 0
    );
    this.#blocks = new LazyChoice(weights, (bits) => this.#exactWeights(bits));
  }

  /** Fills an array with samples. */
  fill(target: Float64Array, entropy: Entropy): void {
    const [blocks, surely, width, placeBits] = [
      this.#blocks,
      this.#surely,
      this.#width,
      this.#placeBits,
    ];
    // A place of few bits leaves enough of its word to decide whether it is accepted.
    const bits = placeBits <= 16 ? 16 : 32;
    const unit = 2 ** -bits;
    for (let i = 0; i < target.length;) {
      const word = entropy.next();
      let block = blocks.choose(word >>> 1);
      if (block < 0) block = blocks.chooseExactly(word >>> 1, entropy);
      let magnitude = block * width;
      if (placeBits > 0) {
        const high = entropy.next();
        const place = placeBits <= 32
          ? high >>> (32 - placeBits)
          : (high >>> (64 - placeBits)) * 2 ** 32 + entropy.next();
        const first = bits === 16 ? high & 0xffff : entropy.next();
        const isSure = (first + 1) * unit <= surely[block]!;
        if (!isSure && !this.#accepts(magnitude, place, first, bits, entropy)) continue;
        magnitude += place;
      }
      const sign = 1 - ((word & 1) << 1);
      // Zero has no sign, and would come twice as often.
      if (magnitude === 0 && sign < 0) continue;
      target[i++] = sign * magnitude;
    }
  }

  /** Whether a place is accepted. @param first the first bits of the uniform number that decides */
  #accepts(start: number, place: number, first: number, bits: number, entropy: Entropy): boolean {
    const probability = Math.exp(-place * (place + 2 * start) * this.#factor);
    const exact = (bits: number) =>
      this.#exp(BigInt(place) * (BigInt(place) + 2n * BigInt(start)), bits);
    return isBelow(first, bits, probability, exact, entropy);
  }

  #exactWeights(bits: number): FixedPointWeights {
    const weights: bigint[] = [];
    for (let start = 0n;; start += BigInt(this.#width)) {
      const weight = this.#exp(start ** 2n, bits);
      // From more than ten deviations on, each weight is below 3/4 of the one before: the rest is below 4 · 2.
      if (weight === 0n) return { weights, rest: 8n };
      weights.push(weight);
    }
  }

  /** exp(−squares / 2σ²) · 2^bits, with an error below 1. */
  #exp(squares: bigint, bits: number): bigint {
    const { numerator, denominator } = this.#twiceVariance;
    return expNegative({ numerator: squares * denominator, denominator: numerator }, bits);
  }
}
