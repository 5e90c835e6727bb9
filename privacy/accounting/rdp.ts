import { logErfc } from "./erfc.ts";
import { logAdd, logBinomials, logExpm1 } from "./log_space.ts";
import type { GaussianRelease, Sampling } from "./release.ts";

/** The orders α at which Rényi divergences are kept: those of dp-accounting 0.6, which Flower 1.42 uses. */
export const DEFAULT_ORDERS: readonly number[] = [
  ...Array.from({ length: 99 }, (_, i) => 1 + (i + 1) / 10),
  ...Array.from({ length: 53 }, (_, i) => 11 + i),
  128,
  256,
  512,
  1024,
];

/** Terms of the series for an order that is not whole, before the order is given up. As in dp-accounting 0.6. */
const MAX_SERIES_TERMS = 1000;

/** How far a term's logarithm is below that of the sum when the series ends. As in dp-accounting 0.6. */
const NEGLIGIBLE_LOG = 30;

/** Orders up to this one use the tight bound for sampling without replacement; it takes a time of α². */
const MAX_TIGHT_ORDER = 256;

/**
 * The Rényi divergence of one release at each of the orders. It adds up over releases.
 *
 * @param orders each above 1
 * @returns one divergence in nats per order; Infinity at an order that is given up
 */
export function rdpOfRelease(
  { noiseMultiplier: sigma, sampling }: GaussianRelease,
  orders: readonly number[],
): Float64Array {
  // A sample of all is no sample, for both methods.
  const rate = rateOf(sampling);
  if (sampling.method === "without-replacement" && rate < 1) {
    const moments = new Map<number, number>();
    return Float64Array.from(
      orders,
      (order) => sampledWithoutReplacement(sigma, rate, order, moments),
    );
  }
  const divergence = rate === 1 ? gaussian : poissonSampled;
  return Float64Array.from(orders, (order) => divergence(sigma, order, rate));
}

function rateOf(sampling: Sampling): number {
  switch (sampling.method) {
    case "none":
      return 1;
    case "poisson":
      return sampling.rate;
    case "without-replacement":
      return sampling.sampleSize / sampling.populationSize;
  }
}

/** α / (2σ²): Mironov, arXiv:1702.07476, proposition 7. */
function gaussian(sigma: number, order: number): number {
  return order / (2 * sigma ** 2);
}

/** Mironov, Talwar, Zhang, arXiv:1908.10530: theorem 4. */
function poissonSampled(sigma: number, order: number, rate: number): number {
  const logMoment = Number.isInteger(order)
    ? wholeLogMoment(sigma, rate, order)
    : brokenLogMoment(sigma, rate, order);
  return logMoment / (order - 1);
}

/** ln Σᵢ C(α, i) · qⁱ · (1 − q)^(α−i) · exp((i² − i) / 2σ²). */
function wholeLogMoment(sigma: number, rate: number, order: number): number {
  const binomials = logBinomials(order);
  let sum = -Infinity;
  for (let i = 0; i <= order; i++) {
    const log = binomials[i]! + i * Math.log(rate) + (order - i) * Math.log1p(-rate) +
      (i * i - i) / (2 * sigma ** 2);
    sum = logAdd(sum, log);
  }
  return sum;
}

/**
 * A bound of the same for an order that is not whole: both halves of the integral, divided at z₀, are series whose terms
 * have alternating signs in the end. Like dp-accounting 0.6, and so Flower, this adds their absolute values, which gives
 * somewhat more than the integral at low orders and never less.
 */
function brokenLogMoment(sigma: number, rate: number, order: number): number {
  const z0 = sigma ** 2 * Math.log(1 / rate - 1) + 0.5;
  const [logRate, logRest] = [Math.log(rate), Math.log1p(-rate)];
  const scale = Math.SQRT2 * sigma;
  let total = -Infinity;
  let logCoefficient = -Math.LN2;
  let [lastBelow, lastAbove] = [-Infinity, -Infinity];
  for (let i = 0; i < MAX_SERIES_TERMS; i++) {
    const j = order - i;
    const below = logCoefficient + i * logRate + j * logRest + (i * i - i) / (2 * sigma ** 2) +
      logErfc((i - z0) / scale);
    const above = logCoefficient + j * logRate + i * logRest + (j * j - j) / (2 * sigma ** 2) +
      logErfc((z0 - j) / scale);
    const both = logAdd(below, above);
    total = logAdd(total, both);
    const falls = below < lastBelow && above < lastAbove;
    if (falls && Math.max(below, above) < total - NEGLIGIBLE_LOG) return total;
    [lastBelow, lastAbove] = [below, above];
    logCoefficient += Math.log(Math.abs(j) / (i + 1));
  }
  return Infinity;
}

/** Wang, Balle, Kasiviswanathan, arXiv:1808.00087: theorem 27; between whole orders linear in (α − 1) times the divergence. */
function sampledWithoutReplacement(
  sigma: number,
  rate: number,
  order: number,
  moments: Map<number, number>,
): number {
  const lower = Math.floor(order);
  const atLower = replacedLogMoment(sigma, rate, lower, moments);
  if (lower === order) return atLower / (order - 1);
  const atUpper = replacedLogMoment(sigma, rate, lower + 1, moments);
  return (atLower + (order - lower) * (atUpper - atLower)) / (order - 1);
}

/** A bound of (α − 1) times the divergence, at a whole order. */
function replacedLogMoment(
  sigma: number,
  rate: number,
  order: number,
  moments: Map<number, number>,
): number {
  if (order === 1) return 0;
  const cumulant = (x: number) => x * (x + 1) / (2 * sigma ** 2);
  const binomials = logBinomials(order);
  const ternary = (n: number) => {
    const moment = moments.get(n) ?? ternaryLogMoment(sigma, n);
    moments.set(n, moment);
    return moment;
  };
  const second = Math.min(Math.log(4) + logExpm1(cumulant(1)), Math.LN2 + cumulant(1));
  let sum = logAdd(0, 2 * Math.log(rate) + binomials[2]! + second);
  for (let i = 3; i <= order; i++) {
    const simple = Math.LN2 + cumulant(i - 1);
    const bound = order > MAX_TIGHT_ORDER ? simple : Math.min(
      simple,
      Math.log(4) + (ternary(2 * Math.floor(i / 2)) + ternary(2 * Math.ceil(i / 2))) / 2,
    );
    sum = logAdd(sum, i * Math.log(rate) + binomials[i]! + bound);
  }
  return sum;
}

/**
 * ln E[(p/q − 1)ⁿ] under q, for an even n, with p = N(1, σ²) and q = N(0, σ²).
 *
 * As forward differences it is an alternating sum, which loses all digits where σ is large. The integrand is never
 * negative, so the trapezoid rule loses none.
 */
function ternaryLogMoment(sigma: number, n: number): number {
  const step = Math.min(sigma, sigma ** 2) / 16;
  // With little noise and a large n everything but the peak near n is negligible.
  const start = (sigma < 1 && n > 8 ? n - 1 : 0) - 14 * sigma;
  let sum = -Infinity;
  for (let x = start; x <= n + 14 * sigma; x += step) {
    const ratio = (2 * x - 1) / (2 * sigma ** 2);
    sum = logAdd(sum, n * logExpm1(ratio) - x * x / (2 * sigma ** 2));
  }
  return sum + Math.log(step / (sigma * Math.sqrt(2 * Math.PI)));
}
