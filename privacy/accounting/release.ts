import { checkCount } from "../../base/check_option.ts";
import { FlwrError } from "../../base/error.ts";

/**
 * How the participants of a release are drawn from the population.
 *
 * - "none": all take part, or it is not secret who takes part.
 * - "poisson": each takes part with probability `rate`, independently of the others.
 * - "without-replacement": `sampleSize` of `populationSize`, every such set equally likely.
 */
export type Sampling =
  | { readonly method: "none" }
  | { readonly method: "poisson"; readonly rate: number }
  | {
    readonly method: "without-replacement";
    readonly sampleSize: number;
    readonly populationSize: number;
  };

/** One release of a clipped sum with Gaussian noise. */
export interface GaussianRelease {
  /** Standard deviation of the noise ÷ the largest contribution of one participant. Above 0. */
  readonly noiseMultiplier: number;
  /** How participants were drawn. */
  readonly sampling: Sampling;
}

/** A release, and how often it was made. */
export interface RepeatedRelease {
  /** The release. */
  readonly release: GaussianRelease;
  /** From 1. */
  readonly count: number;
}

/** @throws FlwrError "invalid-argument" naming the field that is out of range */
export function checkRelease({ noiseMultiplier, sampling }: GaussianRelease): void {
  if (!(noiseMultiplier > 0 && noiseMultiplier < Infinity)) {
    throw outOfRange("noiseMultiplier", "a finite number above 0", noiseMultiplier);
  }
  switch (sampling.method) {
    case "none":
      return;
    case "poisson":
      if (!(sampling.rate > 0 && sampling.rate <= 1)) {
        throw outOfRange("sampling.rate", "above 0 and at most 1", sampling.rate);
      }
      return;
    case "without-replacement":
      checkCount("sampling.populationSize", sampling.populationSize);
      checkCount("sampling.sampleSize", sampling.sampleSize);
      if (sampling.sampleSize > sampling.populationSize) {
        const limit = `at most the population of ${sampling.populationSize}`;
        throw outOfRange("sampling.sampleSize", limit, sampling.sampleSize);
      }
      return;
    default: {
      const { method } = sampling as { method: string };
      const methods = '"none", "poisson" or "without-replacement"';
      throw outOfRange("sampling.method", methods, `"${method}"`);
    }
  }
}

/** @throws FlwrError "invalid-argument" unless `delta` is between 0 and 1 */
export function checkDelta(delta: number): void {
  if (!(delta > 0 && delta < 1)) throw outOfRange("delta", "above 0 and below 1", delta);
}

/** An "invalid-argument" error that says what a privacy parameter must be. */
export function outOfRange(name: string, expected: string, got: number | string): FlwrError {
  return new FlwrError("invalid-argument", `${name} must be ${expected}: got ${got}`);
}
