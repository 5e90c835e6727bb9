import { fourierTransform } from "./fourier.ts";
import type { LossDistribution } from "./privacy_loss.ts";

/** A distribution of losses, with what its compositions need of it. Each is computed once: it is most of the work. */
export class PreparedLosses {
  readonly losses: LossDistribution;
  readonly #moments = new Map<number, number>();
  #transform: { logRadius: Float64Array; angle: Float64Array } | undefined;

  constructor(losses: LossDistribution) {
    this.losses = losses;
  }

  /** ln E[exp(t · loss)], of the finite losses. */
  logMoment(t: number): number {
    const known = this.#moments.get(t);
    if (known !== undefined) return known;
    const moment = logMomentOf(this.losses, t);
    this.#moments.set(t, moment);
    return moment;
  }

  /** The Fourier transform over a window of `size` losses, in polar form. The last one is kept. */
  transform(size: number): { readonly logRadius: Float64Array; readonly angle: Float64Array } {
    if (this.#transform?.angle.length === size) return this.#transform;
    const [re, im] = [new Float64Array(size), new Float64Array(size)];
    // A transform is of a periodic sequence: what lies outside the window wraps, as the sum's tails do.
    this.losses.mass.forEach((value, k) => re[k % size]! += value);
    fourierTransform(re, im);
    const [logRadius, angle] = [new Float64Array(size), new Float64Array(size)];
    for (let k = 0; k < size; k++) {
      logRadius[k] = Math.log(Math.hypot(re[k]!, im[k]!));
      angle[k] = Math.atan2(im[k]!, re[k]!);
    }
    return this.#transform = { logRadius, angle };
  }
}

/** A distribution of losses, and how often it is drawn from. */
export interface RepeatedLosses {
  readonly prepared: PreparedLosses;
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
  if (repeated.length === 1 && only.count === 1) return only.prepared.losses;

  const high = Math.ceil(tailBound(repeated, 1) / interval);
  const low = -Math.ceil(tailBound(repeated, -1) / interval);
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, high - low + 1)));
  // The product of the transforms, in polar form: powers are products there.
  const [logRadius, angle] = [new Float64Array(size), new Float64Array(size)];
  let offset = 0;
  for (const { prepared, count } of repeated) {
    const one = prepared.transform(size);
    for (let k = 0; k < size; k++) {
      logRadius[k]! += count * one.logRadius[k]!;
      angle[k]! += count * one.angle[k]!;
    }
    offset += count * prepared.losses.first;
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
    (product, { prepared, count }) => product + count * Math.log1p(-prepared.losses.infinite),
    0,
  );
  return { interval, first: low, mass, infinite: -Math.expm1(finite) + 2 * TAIL_MASS };
}

/** A loss that the sum exceeds, or for `sign` −1 a negated one that it falls below, with a mass of {@link TAIL_MASS} at most. */
function tailBound(repeated: readonly RepeatedLosses[], sign: 1 | -1): number {
  // No sum exceeds the sum of the largest losses.
  let bound = 0;
  for (const { prepared: { losses: { interval, first, mass } }, count } of repeated) {
    bound += count * interval * (sign === 1 ? first + mass.length - 1 : -first);
  }
  for (const t of EXPONENTS) {
    let logMoment = 0;
    for (const { prepared, count } of repeated) logMoment += count * prepared.logMoment(sign * t);
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
