import { DiscreteGaussian } from "./discrete_gaussian.ts";
import type { Entropy } from "./entropy.ts";
import { toGrid } from "./grid.ts";

/** Grid steps in a standard deviation, at least: 2⁴⁵. Sums of up to 2⁷ deviations are exact in float64. */
const STEP_BITS = 45;

/** The same for {@link float32Step}: float32 holds multiples up to 16 deviations, which no noise reaches in 10⁵⁰ draws. */
const FLOAT32_STEP_BITS = 20;

/** Samples that are drawn at once. */
const SAMPLES = 4096;

/**
 * The grid of {@link addGaussianNoise}: numbers that are rounded to its multiples before they are added up have exact
 * sums, so that the noise covers a sum in any order.
 *
 * @param deviation the noise's standard deviation, above 0
 * @returns a power of two
 */
export function gaussianStep(deviation: number): number {
  return 2 ** (Math.floor(Math.log2(deviation)) - STEP_BITS);
}

/**
 * The grid of {@link drawGaussianNoise} for noise in float32.
 *
 * @param deviation the noise's standard deviation, above 0
 * @returns a power of two, of which the deviation has 2¹⁹ to 2²⁰
 */
export function float32Step(deviation: number): number {
  return 2 ** (Math.ceil(Math.log2(deviation)) - FLOAT32_STEP_BITS);
}

/**
 * Adds Gaussian noise to numbers.
 *
 * Noise that is computed in floating-point arithmetic has gaps and steps that reveal the number below it (Mironov,
 * 2012, "On significance of the least significant bits for differential privacy"). Here numbers and noise are multiples of
 * a power of two far below the noise, and the noise is a sample of the {@link DiscreteGaussian}: for such numbers it
 * satisfies the Rényi divergences of continuous noise of the same deviation (arXiv:2004.00010, theorem 14).
 *
 * @param values changed in place
 * @param deviation the standard deviation, above 0
 */
export function addGaussianNoise(values: Float64Array, deviation: number, entropy: Entropy): void {
  const step = gaussianStep(deviation);
  const noise = new DiscreteGaussian(deviation / step);
  inParts(values.length, (from, samples) => {
    noise.fill(samples, entropy);
    for (let i = 0; i < samples.length; i++) {
      values[from + i] = toGrid(values[from + i]!, step) + samples[i]! * step;
    }
  });
}

/**
 * Draws Gaussian noise for float32 numbers that are multiples of a step: as {@link addGaussianNoise}, on a coarser grid.
 *
 * @param noise receives multiples of the step
 * @param deviation the standard deviation, above 0
 * @param step as by {@link float32Step} from about this deviation
 */
export function drawGaussianNoise(
  noise: Float32Array,
  deviation: number,
  step: number,
  entropy: Entropy,
): void {
  const distribution = new DiscreteGaussian(deviation / step);
  inParts(noise.length, (from, samples) => {
    distribution.fill(samples, entropy);
    for (let i = 0; i < samples.length; i++) noise[from + i] = samples[i]! * step;
  });
}

function inParts(length: number, work: (from: number, samples: Float64Array) => void): void {
  const samples = new Float64Array(Math.min(SAMPLES, length));
  for (let from = 0; from < length; from += SAMPLES) {
    work(from, samples.subarray(0, Math.min(SAMPLES, length - from)));
  }
  // Noise that stayed in memory could be subtracted again.
  samples.fill(0);
}
