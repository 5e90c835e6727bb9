import { CryptoEntropy, type Entropy } from "./entropy.ts";

/** Tries after which numbers are rounded towards 0. Each succeeds with a probability of at least 0.39. */
const MOST_TRIES = 200;

/** How real numbers become integers whose norm is bounded. `planIntegerNoise` makes one. */
export interface IntegerGrid {
  /** C: an update is clipped to this Euclidean norm. Above 0. */
  readonly clippingNorm: number;
  /** Integers per unit, above 0. */
  readonly scale: number;
  /** The largest norm of the integers; at least `scale` · C. */
  readonly normBound: number;
}

/**
 * Clips an update to its norm and rounds it to integers, at random and right on average, and repeats this until the
 * norm of all is within its bound ("conditional rounding": Kairouz, Liu, Steinke, 2021, arXiv:2102.06387, section 4).
 * So the bound always holds, not only on average.
 *
 * @param values the update, all arrays together
 * @param target receives the integers
 * @param entropy replaced in tests only (default: WebCrypto)
 * @returns the norm before clipping
 * @throws RangeError if a value is not finite
 */
export function roundConditionally(
  values: Float64Array,
  target: Int32Array | BigInt64Array,
  { clippingNorm, scale, normBound }: IntegerGrid,
  entropy: Entropy = new CryptoEntropy(),
): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) throw new RangeError(`Element ${i} is ${value}, not finite`);
    squares += value * value;
  }
  const norm = Math.sqrt(squares);
  // An update whose norm exceeds float64 counts as 0.
  const factor = norm <= clippingNorm ? scale : scale * clippingNorm / norm;
  const rounded = new Float64Array(values.length);
  for (let tries = 0;; tries++) {
    let squares = 0;
    for (let i = 0; i < values.length; i++) {
      const exact = values[i]! * factor;
      let integer = Math.floor(exact);
      if (tries >= MOST_TRIES) integer = Math.trunc(exact);
      else if (entropy.next() < (exact - integer) * 2 ** 32) integer++;
      rounded[i] = integer;
      squares += integer * integer;
    }
    if (squares <= normBound * normBound || tries >= MOST_TRIES) break;
  }
  if (target instanceof Int32Array) target.set(rounded);
  else for (let i = 0; i < rounded.length; i++) target[i] = BigInt(rounded[i]!);
  return norm;
}
