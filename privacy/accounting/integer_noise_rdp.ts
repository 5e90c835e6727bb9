import { DEFAULT_ORDERS } from "./rdp.ts";

/** The distribution of whole-number noise. */
export type IntegerMechanism = "discrete-gaussian" | "skellam";

/** A sum of integer vectors, each with its share of noise. */
export interface IntegerSum {
  /** The distribution of a share. */
  readonly mechanism: IntegerMechanism;
  /** n: number of shares of noise of which the attacker knows nothing. From 1. */
  readonly shares: number;
  /** σ: the standard deviation of one share, in integers; for the discrete Gaussian from 1/2. */
  readonly deviation: number;
  /** Δ₂: the largest Euclidean norm of one node's vector. Above 0. */
  readonly normBound: number;
  /** d: the length of the vectors. From 1. */
  readonly numbers: number;
}

/**
 * The Rényi divergence of a sum of integer vectors with noise, for one vector more or less:
 *
 * - Discrete Gaussian: Kairouz, Liu, Steinke, 2021, arXiv:2102.06387, proposition 14. A sum of n of them is almost one of n
 *   times the variance; τ = 10·Σ_{k<n} exp(−2π²σ²·k/(k+1)) bounds what is missing.
 * - Skellam: Agarwal, Kairouz, Liu, 2021, arXiv:2110.04995, corollary 3.6, which is for whole orders.
 *
 * @param orders each above 1
 * @returns a divergence in nats per order
 */
export function rdpOfIntegerSum(sum: IntegerSum, orders = DEFAULT_ORDERS): Float64Array {
  const { mechanism, shares, deviation, normBound, numbers } = sum;
  const variance = shares * deviation ** 2;
  // Integers have squares of at least their absolute values.
  const absoluteBound = normBound * Math.min(Math.sqrt(numbers), normBound);
  if (mechanism === "skellam") {
    const atWhole = (order: number) => {
      const excess = Math.min(
        ((2 * order - 1) * normBound ** 2 + 6 * absoluteBound) / (4 * variance ** 2),
        3 * absoluteBound / (2 * variance),
      );
      return order === 1 ? 0 : order * normBound ** 2 / (2 * variance) + excess;
    };
    // (α − 1) times the divergence is convex, and 0 at 1: between whole orders it is below the line.
    return Float64Array.from(orders, (order) => {
      const lower = Math.floor(order);
      const [below, above] = [(lower - 1) * atWhole(lower), lower * atWhole(lower + 1)];
      return (below + (order - lower) * (above - below)) / (order - 1);
    });
  }
  const gap = sumGap(shares, deviation);
  const [first, second] = [absoluteBound, normBound].map((bound) => bound / Math.sqrt(variance));
  return Float64Array.from(orders, (order) =>
    Math.min(
      order / 2 * second! ** 2 + gap * numbers,
      order / 2 * (second! ** 2 + 2 * first! * gap + gap ** 2 * numbers),
      order / 2 * (second! + Math.sqrt(numbers) * gap) ** 2,
    ));
}

/** τ: how far the sum of n discrete Gaussians is from one, in the logarithm of probabilities. */
function sumGap(shares: number, deviation: number): number {
  const exponent = -2 * Math.PI ** 2 * deviation ** 2;
  let sum = 0;
  for (let k = 1; k < shares; k++) sum += Math.exp(exponent * k / (k + 1));
  return 10 * sum;
}
