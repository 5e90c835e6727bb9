import { DiscreteGaussian } from "./discrete_gaussian.ts";
import { CryptoEntropy, type Entropy } from "./entropy.ts";
import { Skellam } from "./skellam.ts";

/** Samples that are drawn at once. */
const SAMPLES = 4096;

/** The distribution of whole-number noise. */
export type IntegerMechanism = "discrete-gaussian" | "skellam";

/** One node's share of the noise in a sum of integers. */
export interface NoiseShare {
  /**
   * "discrete-gaussian": for any deviation. "skellam": shares add up to exactly the distribution that is accounted for,
   * up to a deviation of 2¹⁶.
   */
  readonly mechanism: IntegerMechanism;
  /**
   * Standard deviation of the share, in units of the integers. The sum of n shares has √n times that. From 2⁻²⁰; for the
   * discrete Gaussian its parameter σ.
   */
  readonly deviation: number;
}

/** Integers in a ring: their arithmetic is modulo 2³² or 2⁶⁴. */
export type IntegerVector = Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

/**
 * Adds a node's share of noise to its quantised vector, in place, before the vector is masked. Everything is exact: the
 * noise is drawn from its distribution without rounding, and added modulo 2³² or 2⁶⁴ (for a smaller ring reduce afterwards).
 * Wrapping around costs accuracy, never privacy.
 *
 * The noise is one share of n. The shares of the honest nodes make the sum over the nodes private: give
 * `planIntegerNoise` in `privacy/accounting` the minimum number of honest nodes in any sum.
 *
 * @param values the vector, as integers of a ring
 * @param share the distribution
 * @param entropy replaced in tests only (default: WebCrypto)
 * @throws RangeError if the deviation is out of range for the mechanism
 *
 * @example
 * ```ts
 * const vector = quantize(update);
 * addIntegerNoise(vector, { mechanism: "discrete-gaussian", deviation: plan.deviation });
 * const masked = addMasks(vector);
 * ```
 */
export function addIntegerNoise(
  values: IntegerVector,
  { mechanism, deviation }: NoiseShare,
  entropy: Entropy = new CryptoEntropy(),
): void {
  const noise = mechanism === "skellam" ? new Skellam(deviation) : new DiscreteGaussian(deviation);
  const samples = new Float64Array(Math.min(SAMPLES, values.length));
  for (let at = 0; at < values.length; at += SAMPLES) {
    const some = samples.subarray(0, Math.min(SAMPLES, values.length - at));
    noise.fill(some, entropy);
    // Typed arrays keep the low 32 or 64 bits of what is stored.
    if (values instanceof Int32Array || values instanceof Uint32Array) {
      for (let i = 0; i < some.length; i++) values[at + i]! += some[i]!;
    } else {
      for (let i = 0; i < some.length; i++) values[at + i]! += BigInt(some[i]!);
    }
  }
  // Noise that stayed in memory could be subtracted again.
  samples.fill(0);
}
