import { fourierTransform } from "./fourier.ts";
import type { LossDistribution } from "./privacy_loss.ts";

/** A distribution of losses, and how often it is drawn from. */
export interface RepeatedLosses {
  readonly losses: LossDistribution;
  readonly count: number;
}

/** Mass that the composed distribution may leave out at each end. It is added to the infinite loss, twice. */
const TAIL_MASS = 1e-15;

/** Exponents t that bound the tails by the moments E[exp(t · loss)]: Chernoff's bound at the best of them. */
const EXPONENTS = Array.from({ length: 40 }, (_, i) => 2 ** (i / 2 - 10));

/** The distribution of the sum of all draws. They must share the grid's `interval`. */
export function composeLosses(
  repeated: readonly RepeatedLosses[],
  interval: number,
): LossDistribution {
  if (repeated.length === 0) {
    return { interval, first: 0, mass: new Float64Array([1]), infinite: 0 };
  }
  const only = repeated[0]!;
  if (repeated.length === 1 && only.count === 1) return only.losses;

  const high = Math.ceil(tailBound(repeated, 1) / interval);
  const low = -Math.ceil(tailBound(repeated, -1) / interval);
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, high - low + 1)));
  // The product of the transforms, in polar form: powers are products there.
  const [logRadius, angle] = [new Float64Array(size), new Float64Array(size)];
  let offset = 0;
  for (const { losses: { first, mass }, count } of repeated) {
    const [re, im] = [new Float64Array(size), new Float64Array(size)];
    // A transform is of a periodic sequence: what lies outside the window wraps, as the sum's tails do.
    mass.forEach((value, k) => re[k % size]! += value);
    fourierTransform(re, im);
    for (let k = 0; k < size; k++) {
      logRadius[k]! += count * Math.log(Math.hypot(re[k]!, im[k]!));
      angle[k]! += count * Math.atan2(im[k]!, re[k]!);
    }
    offset += count * first;
  }
  const [re, im] = [logRadius, angle];
  for (let k = 0; k < size; k++) {
    const [radius, phi] = [Math.exp(logRadius[k]!) / size, angle[k]!];
    re[k] = radius * Math.cos(phi);
    im[k] = radius * Math.sin(phi);
  }
  fourierTransform(re, im, true);

  const mass = new Float64Array(high - low + 1);
  for (let k = 0; k < mass.length; k++) {
    mass[k] = re[(((low + k - offset) % size) + size) % size]!;
  }
  const finite = repeated.reduce(
    (product, { losses, count }) => product + count * Math.log1p(-losses.infinite),
    0,
  );
  return { interval, first: low, mass, infinite: -Math.expm1(finite) + 2 * TAIL_MASS };
}

/** A loss that the sum exceeds, or for `sign` −1 a negated one that it falls below, with a mass of {@link TAIL_MASS} at most. */
function tailBound(repeated: readonly RepeatedLosses[], sign: 1 | -1): number {
  // No sum exceeds the sum of the largest losses.
  let bound = 0;
  for (const { losses: { interval, first, mass }, count } of repeated) {
    bound += count * interval * (sign === 1 ? first + mass.length - 1 : -first);
  }
  for (const t of EXPONENTS) {
    let logMoment = 0;
    for (const { losses, count } of repeated) logMoment += count * logMomentOf(losses, sign * t);
    bound = Math.min(bound, (logMoment - Math.log(TAIL_MASS)) / t);
  }
  return bound;
}

/** ln E[exp(t · loss)], of the finite losses. */
function logMomentOf({ interval, first, mass }: LossDistribution, t: number): number {
  const largest = t * interval * (t > 0 ? first + mass.length - 1 : first);
  let sum = 0;
  for (let k = 0; k < mass.length; k++) {
    if (mass[k]! > 0) sum += mass[k]! * Math.exp(t * interval * (first + k) - largest);
  }
  return largest + Math.log(sum);
}
