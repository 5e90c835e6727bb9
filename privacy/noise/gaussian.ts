import { coinRun, type Entropy, uniform, uniformBelow } from "./entropy.ts";
import { toGrid } from "./grid.ts";

/**
 * The square root of the number of coins whose sum stands for a normal distribution. With 2⁴⁶ to 2⁴⁷ the sums are exact in
 * float64, and the distribution differs from the normal one by less than 10⁻¹¹ in total variation.
 */
const LEAST_ROOT = 2 ** 46;

/**
 * The grid of {@link addGaussianNoise}: numbers that are rounded to its multiples before they are added up have exact
 * sums, so that the noise covers a sum in any order.
 *
 * @param deviation the noise's standard deviation, above 0
 * @returns a power of two
 */
export function gaussianStep(deviation: number): number {
  // The sum of n coins has a standard deviation of √n / 2.
  return 2 ** Math.floor(Math.log2(2 * deviation / LEAST_ROOT));
}

/**
 * Adds Gaussian noise to numbers.
 *
 * Noise that is computed in floating-point arithmetic has holes and steps by which the number below can be told (Mironov,
 * 2012, "On significance of the least significant bits for differential privacy"). Here numbers and noise are multiples of
 * a power of two far below the noise, and the noise is a sum of fair coins: Google, "Secure Noise Generation", 2020.
 *
 * @param values changed in place
 * @param deviation the standard deviation, above 0
 */
export function addGaussianNoise(values: Float64Array, deviation: number, entropy: Entropy): void {
  const step = gaussianStep(deviation);
  const coins = new CenteredBinomial(2 * deviation / step);
  for (let i = 0; i < values.length; i++) {
    values[i] = toGrid(values[i]!, step) + coins.sample(entropy) * step;
  }
}

/**
 * Width of the blocks from which samples are proposed, in √n. The probability of a sample at x · √n is in proportion to
 * exp(−2x²), that of block k to 2⁻ᵏ. From √(ln 2 / 2) = 0.589 on, their ratio is largest at 0, so that about every second
 * proposal is accepted.
 */
const BLOCK_WIDTH = 0.6;

/** The acceptance of the most likely sample: just below 1. */
const LARGEST_ACCEPTANCE = 0.999;

/**
 * The number of heads of n fair coins, minus n / 2, by rejection from a two-sided geometric distribution (Bringmann et al.,
 * 2014; lemma 7 of "Secure Noise Generation", with narrower blocks).
 */
class CenteredBinomial {
  readonly #root: number;
  readonly #width: number;
  readonly #largest: number;

  /** @param root √n */
  constructor(root: number) {
    const log = Math.log(root);
    this.#root = root;
    this.#width = Math.round(BLOCK_WIDTH * root);
    this.#largest = root * Math.sqrt(log / 2);
  }

  sample(entropy: Entropy): number {
    for (;;) {
      const run = coinRun(entropy);
      const block = (entropy.next() & 1) === 1 ? run : -run - 1;
      const sample = block * this.#width + uniformBelow(this.#width, entropy);
      if (Math.abs(sample) > this.#largest) continue;
      const scaled = sample / this.#root;
      const acceptance = LARGEST_ACCEPTANCE * 2 ** run * Math.exp(-2 * scaled * scaled);
      if (uniform(entropy) < acceptance) return sample;
    }
  }
}
