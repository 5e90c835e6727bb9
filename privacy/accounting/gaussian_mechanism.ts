import { logErfc } from "./erfc.ts";
import { checkDelta, outOfRange } from "./release.ts";

/** Bisections: more than enough for the precision of a double. */
const BISECTIONS = 200;

/**
 * The exact δ of one release with Gaussian noise at an ε: Balle and Wang, 2018, arXiv:1805.06530, theorem 8.
 *
 * @param noiseMultiplier standard deviation of the noise ÷ the largest change by one participant, above 0
 * @param epsilon from 0
 */
export function gaussianDelta(noiseMultiplier: number, epsilon: number): number {
  const [half, shift] = [1 / (2 * noiseMultiplier), epsilon * noiseMultiplier];
  const first = Math.exp(logNormal(half - shift));
  return Math.max(0, first - Math.exp(epsilon + logNormal(-half - shift)));
}

/**
 * The smallest noise with which one release is (ε, δ)-differentially private, for any ε ("analytic Gaussian mechanism",
 * Balle and Wang, 2018, arXiv:1805.06530). The classic formula, √(2 ln(1.25/δ)) / ε, holds for ε below 1 only, and asks for
 * more noise.
 *
 * @param epsilon above 0, in nats
 * @param delta above 0 and below 1
 * @returns standard deviation of the noise ÷ the largest change by one participant; never too small
 * @throws FlwrError "invalid-argument" for an ε or δ out of range
 */
export function gaussianNoise(epsilon: number, delta: number): number {
  if (!(epsilon > 0 && epsilon < Infinity)) {
    throw outOfRange("epsilon", "a finite number above 0", epsilon);
  }
  checkDelta(delta);
  let [low, high] = [0, 1];
  while (gaussianDelta(high, epsilon) > delta) [low, high] = [high, 2 * high];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (gaussianDelta(middle, epsilon) <= delta) high = middle;
    else low = middle;
  }
  // The functions above are exact to 10⁻¹² or so: this is on the safe side.
  return high * (1 + 1e-9);
}

/** ln Φ(x), of the standard normal distribution. */
function logNormal(x: number): number {
  return logErfc(-x / Math.SQRT2) - Math.LN2;
}
