import { checkCount } from "../../base/check_option.ts";
import { FlwrError } from "../../base/error.ts";
import type { AccountingMethod } from "./ledger.ts";
import { PldLedger } from "./pld_ledger.ts";
import { RdpLedger } from "./rdp_ledger.ts";
import { checkDelta, checkRelease, outOfRange, type Sampling } from "./release.ts";

/** Noise multipliers between which is searched. */
const [LEAST_NOISE, MOST_NOISE] = [0.01, 1e6];

/** The target for which noise is calibrated. */
export interface CalibrationTarget {
  /** The ε that all releases together may reach, in nats. Above 0. */
  readonly epsilon: number;
  /** The δ of that ε, above 0 and below 1: well below one divided by the number of participants. */
  readonly delta: number;
  /** Number of releases: rounds, or steps of DP-SGD. From 1. */
  readonly count: number;
  /** How participants are drawn for each release. Default: all take part. */
  readonly sampling?: Sampling;
  /** The accounting method: "pld" is tighter and takes seconds. Default: "rdp". */
  readonly method?: AccountingMethod;
  /** Largest accepted excess over the smallest sufficient noise. Default: 10⁻⁶. */
  readonly tolerance?: number;
}

/**
 * Finds the smallest noise multiplier with which `count` releases stay within (`epsilon`, `delta`).
 *
 * @returns the noise's standard deviation ÷ the largest contribution of one participant; never too small
 * @throws FlwrError "invalid-argument" for a target out of range, or that no noise up to 10⁶ reaches
 */
export function calibrateNoise(target: CalibrationTarget): number {
  const { epsilon, delta, count, sampling = { method: "none" }, method = "rdp" } = target;
  const tolerance = target.tolerance ?? 1e-6;
  if (!(epsilon > 0 && epsilon < Infinity)) {
    throw outOfRange("epsilon", "a finite number above 0", epsilon);
  }
  checkDelta(delta);
  checkCount("count", count);
  if (!(tolerance > 0)) throw outOfRange("tolerance", "above 0", tolerance);
  checkRelease({ noiseMultiplier: 1, sampling });
  const excess = (by: AccountingMethod, noiseMultiplier: number) => {
    const releases = [{ release: { noiseMultiplier, sampling }, count }];
    return (by === "rdp" ? new RdpLedger(releases) : new PldLedger(releases)).epsilon(delta) -
      epsilon;
  };
  // RDP costs little, and what it finds sufficient is sufficient.
  const byRdp = search((noise) => excess("rdp", noise), LEAST_NOISE, MOST_NOISE, tolerance);
  if (method === "rdp") return byRdp;
  return search((noise) => excess("pld", noise), byRdp * 0.8, byRdp, tolerance);
}

/** The point where a falling function becomes 0 or negative, from above: Illinois' variant of regula falsi, with halving. */
function search(
  excess: (noise: number) => number,
  start: number,
  sufficient: number,
  tolerance: number,
): number {
  let [low, high] = [start, sufficient];
  let [atLow, atHigh] = [excess(low), excess(high)];
  if (atHigh > 0) {
    throw new FlwrError(
      "invalid-argument",
      `No noise multiplier up to ${MOST_NOISE} keeps the releases within the target`,
      { hints: ["Allow a larger epsilon or delta, or fewer rounds"] },
    );
  }
  while (atLow <= 0 && low > LEAST_NOISE) {
    [high, atHigh] = [low, atLow];
    low = Math.max(LEAST_NOISE, low / 2);
    atLow = excess(low);
  }
  if (atLow <= 0) return low;
  for (let halve = false; high - low > tolerance; halve = !halve) {
    const secant = Number.isFinite(atLow)
      ? high + (low - high) * atHigh / (atHigh - atLow)
      : Math.sqrt(low * high);
    // A secant alone may creep from one side: every other step halves, and none comes closer to an end than the tolerance.
    const tried = halve ? (low + high) / 2 : secant;
    const middle = Math.min(high - tolerance / 2, Math.max(low + tolerance / 2, tried));
    const found = excess(middle);
    if (found <= 0) [high, atHigh] = [middle, found];
    else [low, atLow] = [middle, found];
  }
  return high;
}
