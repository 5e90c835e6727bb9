import { FlwrError } from "../../base/error.ts";
import { type IntegerMechanism, type IntegerSum, rdpOfIntegerSum } from "./integer_noise_rdp.ts";
import { DEFAULT_ORDERS } from "./rdp.ts";
import { bestEpsilon } from "./rdp_ledger.ts";
import { checkCount } from "../../base/check_option.ts";
import { checkDelta, outOfRange } from "./release.ts";

/** Probability with which rounding exceeds its bound at a try, at most: e^−½, as in arXiv:2102.06387. */
const RETRY = Math.exp(-0.5);

/** Probability that any number of a sum wraps around, at most. */
const WRAP_PROBABILITY = 2 ** -64;

/** Largest norm of integers: their squares add up exactly in float64. */
const LARGEST_NORM = 2 ** 26;

/** Smallest deviation of a share that proposition 14 of arXiv:2102.06387 covers. */
const LEAST_DEVIATION = 0.5;

/** Largest deviation that the sampler of Skellam noise has a table for. */
const LARGEST_SKELLAM_DEVIATION = 2 ** 16;

/** Noise multipliers between which is searched. */
const [LEAST_NOISE, MOST_NOISE] = [2 ** -7, 2 ** 20];

/** Options of {@link planIntegerNoise}. */
export interface IntegerNoiseOptions {
  /** The distribution of a share (default "discrete-gaussian"). */
  readonly mechanism?: IntegerMechanism;
  /** C: an update counts with at most this Euclidean norm. Above 0. */
  readonly clippingNorm: number;
  /** z: the standard deviation of the noise in the sum ÷ the largest norm of one node's integers. Above 0. */
  readonly noiseMultiplier: number;
  /** d: number of numbers of an update. From 1. */
  readonly numbers: number;
  /** Most nodes in a sum. From 1. */
  readonly nodes: number;
  /**
   * The least number of shares of noise in a sum of which the attacker knows nothing: the threshold of the protocol, minus
   * the nodes that may collude. From 1 to `nodes` (default: `nodes`).
   */
  readonly shares?: number;
  /** Bits of the ring in which is added, 8 to 64 (default 32). */
  readonly ringBits?: number;
  /** Integers per unit, above 0 (default: the largest power of two for which the sum fits the ring). */
  readonly scale?: number;
}

/** How nodes round and add noise, so that their sum in a ring is private and does not wrap around. */
export interface IntegerNoisePlan extends IntegerSum {
  readonly clippingNorm: number;
  /** Integers per unit. */
  readonly scale: number;
  /** Bits that the sum needs, sign included. */
  readonly bits: number;
}

/**
 * Plans the noise of a secure sum: scale, norm after rounding, each node's share, and the bits of the sum.
 *
 * @throws FlwrError "invalid-argument" that names the option that is out of range, or says that the ring is too small
 */
export function planIntegerNoise(options: IntegerNoiseOptions): IntegerNoisePlan {
  const { clippingNorm, numbers, nodes, ringBits = 32 } = options;
  const { shares = nodes, scale } = options;
  for (const name of ["clippingNorm", "noiseMultiplier", "scale"] as const) {
    const value = options[name];
    if (value === undefined && name === "scale") continue;
    if (!(value! > 0 && value! < Infinity)) {
      throw outOfRange(name, "a finite number above 0", value!);
    }
  }
  checkCount("numbers", numbers);
  checkCount("nodes", nodes);
  checkCount("shares", shares);
  if (shares > nodes) throw outOfRange("shares", `at most nodes, ${nodes}`, shares);
  if (!(Number.isInteger(ringBits) && ringBits >= 8 && ringBits <= 64)) {
    throw outOfRange("ringBits", "a whole number from 8 to 64", ringBits);
  }
  if (scale !== undefined) {
    const plan = planAt(options, scale);
    refuseUnsafe(plan, ringBits);
    return plan;
  }
  let exponent = Math.floor(Math.log2(LARGEST_NORM / clippingNorm));
  let plan = planAt(options, 2 ** exponent);
  // Below one integer per clipping norm there is nothing left of an update.
  while (isTooLarge(plan, ringBits) && plan.scale * clippingNorm > 1) {
    plan = planAt(options, 2 ** --exponent);
  }
  refuseUnsafe(plan, ringBits);
  return plan;
}

/**
 * ε of a number of such sums together.
 *
 * @param rounds number of sums, from 1
 * @param delta above 0 and below 1
 * @returns ε in nats for one node more or less, and the order of the Rényi divergence that gives it
 * @throws FlwrError "invalid-argument" that names the argument that is out of range
 */
export function integerNoiseEpsilon(
  sum: IntegerSum,
  rounds: number,
  delta: number,
): { epsilon: number; order: number } {
  checkCount("rounds", rounds);
  checkDelta(delta);
  const total = rdpOfIntegerSum(sum).map((rdp) => rounds * rdp);
  return bestEpsilon(DEFAULT_ORDERS, total, delta);
}

/**
 * Finds the smallest noise with which a number of sums stay within (`epsilon`, `delta`).
 *
 * @returns the plan; its noise is never too small, and at most a millionth too large
 * @throws FlwrError "invalid-argument" as {@link planIntegerNoise}, or if no noise multiplier up to 2²⁰ is enough
 */
export function calibrateIntegerNoise(
  options: Omit<IntegerNoiseOptions, "noiseMultiplier">,
  { epsilon, delta, rounds }: {
    readonly epsilon: number;
    readonly delta: number;
    readonly rounds: number;
  },
): IntegerNoisePlan {
  if (!(epsilon > 0 && epsilon < Infinity)) {
    throw outOfRange("epsilon", "a finite number above 0", epsilon);
  }
  const planWith = (noiseMultiplier: number) => planIntegerNoise({ ...options, noiseMultiplier });
  // A ring that holds the sum with little noise may not hold it with much.
  const isEnough = (noise: number) =>
    integerNoiseEpsilon(planWith(noise), rounds, delta).epsilon <= epsilon;
  let high = 1;
  while (!isEnough(high)) {
    high *= 2;
    if (high > MOST_NOISE) {
      throw new FlwrError("invalid-argument", `No noise up to ${MOST_NOISE} is enough`, {
        hints: ["Allow a larger epsilon or delta, fewer rounds, or more bits in ringBits"],
      });
    }
  }
  let low = high / 2;
  while (low > LEAST_NOISE && fits(() => isEnough(low))) [high, low] = [low, low / 2];
  while (high / low > 1 + 1e-6) {
    const middle = Math.sqrt(low * high);
    if (fits(() => isEnough(middle))) high = middle;
    else low = middle;
  }
  return planWith(high);
}

/** With little noise a share may fall below what the accounting covers: that is not enough, either. */
function fits(isEnough: () => boolean): boolean {
  try {
    return isEnough();
  } catch (error) {
    if (error instanceof FlwrError) return false;
    throw error;
  }
}

function planAt(options: IntegerNoiseOptions, scale: number): IntegerNoisePlan {
  const { mechanism = "discrete-gaussian", clippingNorm, noiseMultiplier, numbers } = options;
  const { nodes, shares = nodes } = options;
  const normBound = roundedNorm(scale * clippingNorm, numbers);
  const deviation = noiseMultiplier * normBound / Math.sqrt(shares);
  // Nobody's number exceeds the norm of all of them, and the noise of all nodes is there, the attackers' too.
  const largest = nodes * Math.floor(normBound) +
    tailBound(mechanism, nodes * deviation ** 2, WRAP_PROBABILITY / numbers);
  const bits = Math.ceil(Math.log2(2 * largest + 1));
  return { mechanism, shares, deviation, normBound, numbers, clippingNorm, scale, bits };
}

/** The norm of a vector after rounding that is repeated until it holds: arXiv:2102.06387, section 4.1, with γ = 1. */
function roundedNorm(norm: number, numbers: number): number {
  const root = Math.sqrt(numbers);
  const likely = norm ** 2 + numbers / 4 + Math.sqrt(-2 * Math.log(RETRY)) * (norm + root / 2);
  // Whole numbers have whole squares.
  return Math.sqrt(Math.floor(Math.min(likely, (norm + root) ** 2)));
}

/** A size that noise of a variance exceeds with a probability of at most `probability`: Chernoff's bound. */
function tailBound(mechanism: IntegerMechanism, variance: number, probability: number): number {
  const nats = Math.LN2 - Math.log(probability);
  const gaussian = Math.sqrt(2 * variance * nats);
  if (mechanism === "discrete-gaussian") return Math.ceil(gaussian);
  // ln E[exp(tX)] = s·(cosh t − 1), which is best at t = asinh(x / s).
  const exponent = (x: number) =>
    x * Math.asinh(x / variance) - (Math.hypot(x, variance) - variance);
  let bound = gaussian;
  while (exponent(bound) < nats) bound *= 1.01;
  return Math.ceil(bound);
}

function isTooLarge(plan: IntegerNoisePlan, ringBits: number): boolean {
  const { mechanism, normBound, deviation, bits } = plan;
  return bits > ringBits || normBound > LARGEST_NORM ||
    mechanism === "skellam" && deviation > LARGEST_SKELLAM_DEVIATION;
}

function refuseUnsafe(plan: IntegerNoisePlan, ringBits: number): void {
  const { mechanism, deviation, normBound, bits } = plan;
  if (bits > ringBits) {
    throw new FlwrError(
      "invalid-argument",
      `The sum needs ${bits} bits, but ringBits is ${ringBits}`,
      { hints: ["Use a larger ring, a smaller scale, or fewer nodes"] },
    );
  }
  if (isTooLarge(plan, ringBits)) {
    const got = `a norm of ${normBound} and a share of noise of ${deviation} integers`;
    throw new FlwrError(
      "invalid-argument",
      `scale is too large for mechanism "${mechanism}": it gives ${got}`,
      { hints: ["Leave scale out, or use a smaller one"] },
    );
  }
  if (mechanism === "discrete-gaussian" && deviation < LEAST_DEVIATION) {
    throw new FlwrError(
      "invalid-argument",
      `A node's share of noise has a deviation of ${deviation} integers: ` +
        `the accounting covers ${LEAST_DEVIATION} and more`,
      { hints: ["Use a larger scale, ring or noiseMultiplier"] },
    );
  }
}
