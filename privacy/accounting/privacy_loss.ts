import { inverseLogMixture, logMixture } from "./log_space.ts";

/**
 * The distribution of the privacy loss ln(P(x) / Q(x)), x from P, of one release of a Gaussian that was sampled by Poisson,
 * on a grid of losses.
 *
 * Each mass between two grid points is divided between them such that the hockey-stick divergence is exact on the grid, and
 * above the true one between: "connect the dots", Doroshenko et al., arXiv:2207.04380.
 */

/** A distribution of privacy losses: `mass[k]` at a loss of `(first + k) · interval`. */
export interface LossDistribution {
  /** Distance of the grid's losses. */
  readonly interval: number;
  /** Number of the first grid point with mass. */
  readonly first: number;
  readonly mass: Float64Array;
  /** Mass at an infinite loss. */
  readonly infinite: number;
}

/** Standard deviations beyond which a normal distribution is cut off. */
const MAX_DEVIATIONS = 10;

/** The mass that is cut off, rounded up. It counts as an infinite loss. */
const CUT_OFF_MASS = 1.6e-23;

/** A part of a standard deviation that the quadrature below integrates exactly, as far as float64 can tell. */
const QUADRATURE_STEP = 1 / 8;

/** Gauss-Legendre quadrature with five points, on −1 to 1. */
const NODES = [0, 0.5384693101056831, -0.5384693101056831, 0.906179845938664, -0.906179845938664];
const WEIGHTS = [
  0.5688888888888889,
  0.47862867049936647,
  0.47862867049936647,
  0.23692688505618908,
  0.23692688505618908,
];

/**
 * @param sigma the noise multiplier
 * @param rate the probability with which a participant is drawn
 * @param direction "remove": P has the participant, Q does not; "add": the other way round
 */
export function lossDistribution(
  sigma: number,
  rate: number,
  direction: "remove" | "add",
  interval: number,
): LossDistribution {
  const lossAt = (x: number) => logMixture(rate, (2 * x - 1) / (2 * sigma ** 2));
  const positionOf = (loss: number) => inverseLogMixture(rate, loss) * sigma ** 2 + 0.5;
  const [from, to] = [-MAX_DEVIATIONS * sigma, 1 + MAX_DEVIATIONS * sigma];
  const sign = direction === "remove" ? 1 : -1;
  const density = direction === "remove"
    ? (x: number) => (1 - rate) * normal(x, sigma) + rate * normal(x - 1, sigma)
    : (x: number) => normal(x, sigma);

  // Grid points around the losses of both ends, in the order of x.
  const lowest = Math.floor(Math.min(sign * lossAt(from), sign * lossAt(to)) / interval);
  const highest = Math.ceil(Math.max(sign * lossAt(from), sign * lossAt(to)) / interval);
  const mass = new Float64Array(highest - lowest + 1);
  const whole = -Math.expm1(-interval);
  for (let bin = 0; bin < highest - lowest; bin++) {
    const losses = [(lowest + bin) * interval, (lowest + bin + 1) * interval];
    const ends = losses.map((loss) => Math.min(to, Math.max(from, positionOf(sign * loss))));
    const [start, end] = sign === 1 ? [ends[0]!, ends[1]!] : [ends[1]!, ends[0]!];
    const steps = Math.max(1, Math.ceil((end - start) / (sigma * QUADRATURE_STEP)));
    const half = (end - start) / steps / 2;
    if (half <= 0) continue;
    for (let step = 0; step < steps; step++) {
      const middle = start + (2 * step + 1) * half;
      for (let k = 0; k < NODES.length; k++) {
        const x = middle + half * NODES[k]!;
        const part = WEIGHTS[k]! * half * density(x);
        const above = Math.min(1, Math.max(0, -Math.expm1(losses[0]! - sign * lossAt(x)) / whole));
        mass[bin + 1]! += part * above;
        mass[bin]! += part * (1 - above);
      }
    }
  }
  return { interval, first: lowest, mass, infinite: CUT_OFF_MASS };
}

function normal(x: number, sigma: number): number {
  return Math.exp(-x * x / (2 * sigma ** 2)) / (sigma * Math.sqrt(2 * Math.PI));
}
