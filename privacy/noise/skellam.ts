import type { Entropy } from "./entropy.ts";
import { type Fraction, fractionOf } from "./exp_fixed_point.ts";
import { FIRST_WEIGHT_BITS, type FixedPointWeights, LazyChoice } from "./lazy_choice.ts";

/** Largest standard deviation: its table has nearly a million entries, and takes seconds. */
export const LARGEST_SKELLAM_DEVIATION = 2 ** 16;

/** Bits beyond those asked for. Each of the million steps of the recurrence adds an error of a few units. */
const GUARD_BITS = 64;

/**
 * The Skellam distribution: the difference of two Poisson numbers of the same mean. The sum of independent Skellam numbers
 * is a Skellam number again, so that shares of noise add up without a loss (Agarwal, Kairouz, Liu, 2021, arXiv:2110.04995).
 *
 * A number k has a probability proportional to I_|k|(s), with s the variance and I the modified Bessel function. The ratios
 * r_k = I_k(s) / I_(k−1)(s) satisfy r_k = 1 / (2k/s + r_(k+1)), which is stable downwards. Samples are exact: see
 * {@link LazyChoice}.
 */
export class Skellam {
  readonly #variance: Fraction;
  readonly #deviation: number;
  readonly #magnitudes: LazyChoice;

  /**
   * Prepares the distribution.
   *
   * @param deviation the standard deviation, from 2⁻²⁰ to 2¹⁶
   * @throws RangeError for another one
   */
  constructor(deviation: number) {
    if (!(deviation >= 2 ** -20 && deviation <= LARGEST_SKELLAM_DEVIATION)) {
      throw new RangeError(`A deviation must be from 2⁻²⁰ to 2¹⁶: got ${deviation}`);
    }
    const { numerator, denominator } = fractionOf(deviation);
    this.#variance = { numerator: numerator ** 2n, denominator: denominator ** 2n };
    this.#deviation = deviation;
    // The recurrence in float64 would add up the errors of all its steps.
    const first = this.#exactWeights(FIRST_WEIGHT_BITS);
    this.#magnitudes = new LazyChoice(
      Float64Array.from(first.weights, (weight) => Number(weight) * 2 ** -FIRST_WEIGHT_BITS),
      (bits) => bits === FIRST_WEIGHT_BITS ? first : this.#exactWeights(bits),
    );
  }

  /** Fills an array with samples. */
  fill(target: Float64Array, entropy: Entropy): void {
    const magnitudes = this.#magnitudes;
    for (let i = 0; i < target.length;) {
      const word = entropy.next();
      let magnitude = magnitudes.choose(word >>> 1);
      if (magnitude < 0) magnitude = magnitudes.chooseExactly(word >>> 1, entropy);
      const sign = 1 - ((word & 1) << 1);
      // Zero has no sign, and would come twice as often.
      if (magnitude === 0 && sign < 0) continue;
      target[i++] = sign * magnitude;
    }
  }

  #exactWeights(bits: number): FixedPointWeights {
    const precision = BigInt(bits + GUARD_BITS);
    const { numerator, denominator } = this.#variance;
    const length = startOf(this.#deviation, bits);
    const ratios: bigint[] = new Array(length);
    // The true ratio is between 0 and 1; what is wrong with 0 vanishes on the way down.
    let ratio = 0n;
    for (let k = length; k > 0; k--) {
      const first = (2n * BigInt(k) * denominator << precision) / numerator;
      ratios[k - 1] = ratio = (1n << 2n * precision) / (first + ratio);
    }
    const weights: bigint[] = [];
    let weight = 1n << precision;
    for (const ratio of ratios) {
      const rounded = weight >> BigInt(GUARD_BITS);
      // The ratios fall. The rest is below that of a geometric series with this one.
      if (rounded === 0n) {
        return { weights, rest: 2n * (1n << precision) / ((1n << precision) - ratio) + 2n };
      }
      weights.push(rounded);
      weight = weight * ratio >> precision;
    }
    throw new RangeError("The recurrence began too low");
  }
}

/**
 * Where the recurrence begins: the weight there is far below 2^−2·bits, so that a wrong start changes no weight by as much
 * as 2^−bits. With a large deviation the tail is that of a normal distribution so far out; with a small one it is heavier,
 * but falls at least as fast as that of a Poisson distribution.
 */
function startOf(deviation: number, bits: number): number {
  const nats = Math.LN2 * (2 * bits + GUARD_BITS);
  const far = deviation * Math.sqrt(2 * nats);
  return Math.ceil(deviation >= 64 ? 1.2 * far : 2 * (far + nats));
}
