import { type Entropy, uniformBelow } from "./entropy.ts";
import { expNegative, fractionOf } from "./exp_fixed_point.ts";
import { toGrid } from "./grid.ts";
import { isBelow } from "./lazy_choice.ts";

/** Grid steps in the scale of the noise, at least. */
const STEPS_PER_SCALE = 2 ** 40;

/**
 * Adds noise from a Laplace distribution to numbers, on a grid like {@link addGaussianNoise}: two-sided geometric
 * multiples of a power of two ("discrete Laplace"; Ghosh, Roughgarden, Sundararajan, 2009, arXiv:0811.2841).
 *
 * @param values changed in place
 * @param scale b, above 0: the standard deviation is √2 · b
 */
export function addLaplaceNoise(values: Float64Array, scale: number, entropy: Entropy): void {
  const step = 2 ** Math.floor(Math.log2(scale / STEPS_PER_SCALE));
  for (let i = 0; i < values.length; i++) {
    values[i] = toGrid(values[i]!, step) + discreteLaplace(scale / step, entropy) * step;
  }
}

/**
 * A whole number k with a probability proportional to exp(−|k| / scale).
 *
 * @param scale above 1
 */
export function discreteLaplace(scale: number, entropy: Entropy): number {
  for (;;) {
    const magnitude = geometric(scale, entropy);
    const negative = (entropy.next() & 1) === 1;
    // Zero has no sign, and would come twice as often.
    if (magnitude > 0 || !negative) return negative ? -magnitude : magnitude;
  }
}

/**
 * A whole number k from 0 with a probability proportional to exp(−k / scale): k = whole · t + rest, both drawn exactly
 * (Canonne, Kamath, Steinke, arXiv:2004.00010, algorithm 2).
 */
function geometric(scale: number, entropy: Entropy): number {
  const t = Math.max(1, Math.floor(scale));
  for (;;) {
    const rest = uniformBelow(t, entropy);
    if (!happens(rest, scale, entropy)) continue;
    let whole = 0;
    while (happens(t, scale, entropy)) whole++;
    return whole * t + rest;
  }
}

/** True with probability exp(−k / scale), exactly. @param k from 0, not far above `scale` */
function happens(k: number, scale: number, entropy: Entropy): boolean {
  const exact = (bits: number) => {
    const { numerator, denominator } = fractionOf(scale);
    return expNegative({ numerator: BigInt(k) * denominator, denominator: numerator }, bits);
  };
  return isBelow(entropy.next(), 32, Math.exp(-k / scale), exact, entropy);
}
