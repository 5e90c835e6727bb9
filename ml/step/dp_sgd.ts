import { FlwrError } from "../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../base/option_names.ts";
import { PrivacyAccountant } from "../../privacy/accounting/accountant.ts";
import { checkDelta } from "../../privacy/accounting/release.ts";

const NAMES: OptionNames<DpSgdOptions> = {
  clip: true,
  noiseMultiplier: true,
  delta: true,
  accountant: true,
  seedForTests: true,
};
/** Hints for names of Opacus and TensorFlow Privacy. */
const ELSEWHERE = {
  max_grad_norm: "Use the option clip",
  maxGradNorm: "Use the option clip",
  l2_norm_clip: "Use the option clip",
  noise_multiplier: "Use the option noiseMultiplier",
  target_delta: "Use the option delta",
  seed: "Noise from a seed protects nothing: leave it out, or use seedForTests in tests",
};

/** Options of {@link dpSgd}. */
export interface DpSgdOptions {
  /** C: largest L2 norm of one example's gradient, over all parameters together. Above 0. */
  readonly clip: number;
  /** z: the standard deviation of the noise in the sum of a batch's gradients is z · C. At least 0. */
  readonly noiseMultiplier: number;
  /** δ at which ε is reported, above 0 and below 1 (default: the accountant's, or 10⁻⁵, but at most 1 / (10 · examples)). */
  readonly delta?: number;
  /**
   * Adds up the privacy loss of several fits on the same examples, such as a node's rounds (default: each fit is counted
   * alone). Its population is the number of examples, its sampling method "poisson". A fit that would exceed its
   * `maxEpsilon` is refused.
   */
  readonly accountant?: PrivacyAccountant;
  /** Makes noise and batches repeatable. Anyone who knows the seed can remove the noise. Only for tests. */
  readonly seedForTests?: number;
}

/** Settings of differentially private training; made by {@link dpSgd}. */
export interface DpSgd extends DpSgdOptions {
  /** Tells these settings from others. */
  readonly kind: "dpSgd";
}

/** The privacy loss of a fit. */
export interface FitPrivacy {
  /** ε of this fit, or of all releases of the accountant; Infinity without noise. */
  readonly epsilon: number;
  /** δ at which ε holds. */
  readonly delta: number;
  /** What is protected: two data sets are neighbours if one has one example more. */
  readonly unit: "example";
  /** Number of steps of this fit that were counted. */
  readonly steps: number;
  /** The probability with which each example takes part in a step. */
  readonly samplingRate: number;
  /** Standard deviation of the noise in a sum, divided by `clip`. */
  readonly noiseMultiplier: number;
  /** Largest norm of one example's gradient. */
  readonly clip: number;
  /** How ε was computed; "none" without noise. */
  readonly accountingMethod: PrivacyAccountant["method"] | "none";
}

/**
 * Differentially private SGD (Abadi et al., 2016, arXiv:1607.00133), for {@link FitOptions.privacy}. In each step every
 * example takes part with the same probability (Poisson sampling), its gradient is clipped to the norm `clip`, Gaussian
 * noise with a standard deviation of `noiseMultiplier` · `clip` is added to the sum, and the optimiser receives that sum
 * divided by the expected number of examples. It works with every optimiser.
 *
 * @throws FlwrError "invalid-argument" when an option is unknown or out of range
 * @example
 * ```ts
 * const { privacy } = await model.fit(data, { privacy: dpSgd({ clip: 1, noiseMultiplier: 1.1 }) });
 * console.log(`ε = ${privacy!.epsilon} at δ = ${privacy!.delta}`);
 * ```
 */
export function dpSgd(options: DpSgdOptions): DpSgd {
  checkOptionNames("dpSgd", options, NAMES, ELSEWHERE);
  const { clip, noiseMultiplier, delta, accountant, seedForTests } = options;
  if (!(Number.isFinite(clip) && clip > 0)) throw wrong("clip", "a finite number above 0", clip);
  if (!(Number.isFinite(noiseMultiplier) && noiseMultiplier >= 0)) {
    throw wrong("noiseMultiplier", "a finite number that is not negative", noiseMultiplier);
  }
  if (delta !== undefined) checkDelta(delta);
  if (seedForTests !== undefined && !Number.isSafeInteger(seedForTests)) {
    throw wrong("seedForTests", "an integer", seedForTests);
  }
  if (accountant !== undefined) checkAccountant(accountant, noiseMultiplier);
  return { ...options, kind: "dpSgd" };
}

function checkAccountant(accountant: PrivacyAccountant, noiseMultiplier: number): void {
  if (!(accountant instanceof PrivacyAccountant)) {
    throw wrong("accountant", "an RdpAccountant or a PldAccountant", typeof accountant);
  }
  const { samplingMethod } = accountant.config;
  if (samplingMethod !== "poisson") {
    throw wrong("accountant", 'one with samplingMethod "poisson"', `"${samplingMethod}"`);
  }
  if (noiseMultiplier === 0) {
    throw wrong("noiseMultiplier", "above 0 with an accountant", noiseMultiplier);
  }
}

function wrong(name: string, expected: string, got: unknown): FlwrError {
  return new FlwrError("invalid-argument", `dpSgd: ${name} must be ${expected}: got ${got}`);
}
