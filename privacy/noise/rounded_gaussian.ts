import { type Entropy, uniform } from "./entropy.ts";

/** Number of layers. */
const LAYERS = 128;
/** Where the tail begins, and the area of each layer: Doornik, 2005. */
const TAIL = 3.442619855899;
const AREA = 9.91256303526217e-3;

/** The right ends of the layers, from the lowest, and for each layer the share of its width that is below the curve. */
const { ENDS, INSIDE } = layers();

function layers(): { ENDS: Float64Array; INSIDE: Float64Array } {
  const ENDS = new Float64Array(LAYERS + 1);
  ENDS[0] = AREA / Math.exp(-TAIL * TAIL / 2);
  ENDS[1] = TAIL;
  for (let i = 2; i < LAYERS; i++) {
    const below = ENDS[i - 1]!;
    ENDS[i] = Math.sqrt(-2 * Math.log(AREA / below + Math.exp(-below * below / 2)));
  }
  const INSIDE = new Float64Array(LAYERS).map((_, i) => ENDS[i + 1]! / ENDS[i]!);
  return { ENDS, INSIDE };
}

/** A number of the standard normal distribution, in 53 bits: the ziggurat method (Marsaglia and Tsang, 2000; Doornik, 2005). */
function normal(entropy: Entropy): number {
  for (;;) {
    const high = entropy.next();
    const low = entropy.next();
    const layer = low & (LAYERS - 1);
    const place = ((high >>> 5) * 2 ** 26 + (low >>> 7) * 2) / 2 ** 52 - 1;
    if (Math.abs(place) < INSIDE[layer]!) return place * ENDS[layer]!;
    if (layer === 0) return tail(place < 0, entropy);
    const x = place * ENDS[layer]!;
    const upper = Math.exp((x * x - ENDS[layer]! ** 2) / 2);
    const lower = Math.exp((x * x - ENDS[layer + 1]! ** 2) / 2);
    if (lower + uniform(entropy) * (upper - lower) < 1) return x;
  }
}

function tail(negative: boolean, entropy: Entropy): number {
  for (;;) {
    const x = -Math.log(uniform(entropy)) / TAIL;
    if (-2 * Math.log(uniform(entropy)) >= x * x) return negative ? -TAIL - x : TAIL + x;
  }
}

/** A power of two for {@link drawRoundedNoise}: float32 holds its multiples exactly up to 16 deviations. */
export function noiseStep(deviation: number): number {
  return 2 ** (Math.floor(Math.log2(deviation)) - 20);
}

/**
 * Gaussian noise, rounded to multiples of a step, for a value that is rounded to the same multiples.
 *
 * Rounding the sum of that value and unrounded noise would give the same numbers, so the rounding is postprocessing of a
 * Gaussian mechanism. The steps are far larger than those of the float64 arithmetic in which the noise is computed, so they
 * cover its holes (Mironov, 2012, "On significance of the least significant bits for differential privacy").
 *
 * Faster than `addGaussianNoise`, for noise in each step of a training.
 *
 * @param noise receives the noise
 * @param deviation the standard deviation, above 0
 * @param step as by {@link noiseStep} from about this deviation
 */
export function drawRoundedNoise(
  noise: Float32Array,
  deviation: number,
  step: number,
  entropy: Entropy,
): void {
  const scale = deviation / step;
  for (let i = 0; i < noise.length; i++) {
    noise[i] = Math.floor(normal(entropy) * scale + 0.5) * step;
  }
}
