import { FlwrError } from "../../base/error.ts";
import { outOfRange } from "../../privacy/accounting/release.ts";
import type { NoiseSource } from "./noise_source.ts";

/** Smallest and largest norm. Within them, the noise's grid stays well inside the range of doubles. */
const [LEAST_NORM, LARGEST_NORM] = [1e-30, 1e30];

/** The clipping norm of a run, and the noise that belongs to it. */
export interface ClippingNorm {
  /** C, the norm of this round. */
  readonly current: number;
  /** z of the noise on the sum of updates: its standard deviation ÷ C. */
  readonly noiseMultiplier: number;
  /** Returns to the first norm, because another run starts. */
  reset(): void;
  /** Checks the norm of a checkpoint. @throws FlwrError "invalid-argument" if the run cannot continue with it */
  check(norm: number): void;
  /** Continues from a norm that was checked. */
  restore(norm: number): void;
  /**
   * Adapts the norm after a round.
   *
   * @param clipped number of updates that were larger than the norm
   * @param replies number of updates
   */
  adapt(clipped: number, replies: number, noise: NoiseSource): void;
}

/** A norm that never changes. */
export class FixedNorm implements ClippingNorm {
  readonly current: number;
  readonly noiseMultiplier: number;

  /** @throws FlwrError "invalid-argument" that names the option that is out of range */
  constructor(options: { readonly clippingNorm: number; readonly noiseMultiplier: number }) {
    checkNorm("clippingNorm", options.clippingNorm);
    checkNotNegative("noiseMultiplier", options.noiseMultiplier);
    this.current = options.clippingNorm;
    this.noiseMultiplier = options.noiseMultiplier;
  }

  reset(): void {}

  restore(_norm: number): void {}

  check(norm: number): void {
    if (norm === this.current) return;
    throw outOfRange("The checkpoint's clipping norm", `${this.current}, as clippingNorm is`, norm);
  }

  adapt(): void {}
}

/** Options of adaptive clipping. Names and defaults are Flower's. */
export interface AdaptiveNormOptions {
  /** z of the whole round, count and updates together. From 0. */
  readonly noiseMultiplier: number;
  /** n, the number of nodes of a round, from 1. */
  readonly numSampledClients: number;
  /** The norm of the first round, above 0 (default 0.1). */
  readonly initialClippingNorm?: number;
  /**
   * γ: the share of updates whose norm is at most the clipping norm, to which the norm adapts, 0 to 1 (default 0.5).
   */
  readonly targetClippedQuantile?: number;
  /** η, how fast the norm moves, above 0 (default 0.2). */
  readonly clipNormLr?: number;
  /** σ_b, the standard deviation of the noise on the count of clipped updates (default n / 20). */
  readonly clippedCountStddev?: number;
  /** Flower's rule, which moves the norm away from its target (default false). */
  readonly flowerCompatible?: boolean;
}

/**
 * A norm that follows a quantile of the updates' norms (Andrew et al., 2019, arXiv:1905.03871): C ← C·exp(−η(f − γ)),
 * with f the noisy share of updates that were not clipped. The noise on the count and on the updates together costs as
 * much privacy as noise with z on the updates alone: z_Δ = (z⁻² − (2σ_b)⁻²)^(−1/2).
 */
export class AdaptiveNorm implements ClippingNorm {
  readonly noiseMultiplier: number;
  /** σ_b. */
  readonly clippedCountStddev: number;
  readonly #options: Required<Omit<AdaptiveNormOptions, "clippedCountStddev">>;
  #current: number;

  /** @throws FlwrError "invalid-argument" that names the option that is out of range */
  constructor(options: AdaptiveNormOptions) {
    const { noiseMultiplier: z, numSampledClients } = options;
    this.#options = {
      noiseMultiplier: z,
      numSampledClients,
      initialClippingNorm: options.initialClippingNorm ?? 0.1,
      targetClippedQuantile: options.targetClippedQuantile ?? 0.5,
      clipNormLr: options.clipNormLr ?? 0.2,
      flowerCompatible: options.flowerCompatible ?? false,
    };
    const { initialClippingNorm, targetClippedQuantile, clipNormLr } = this.#options;
    checkNotNegative("noiseMultiplier", z);
    checkNorm("initialClippingNorm", initialClippingNorm);
    if (!(targetClippedQuantile >= 0 && targetClippedQuantile <= 1)) {
      throw outOfRange("targetClippedQuantile", "from 0 to 1", targetClippedQuantile);
    }
    checkPositive("clipNormLr", clipNormLr);
    const deviation = options.clippedCountStddev ?? (z > 0 ? numSampledClients / 20 : 0);
    checkNotNegative("clippedCountStddev", deviation);
    this.clippedCountStddev = deviation;
    this.noiseMultiplier = z === 0 ? 0 : (z ** -2 - (2 * deviation) ** -2) ** -0.5;
    if (z >= 2 * deviation && z > 0) {
      throw new FlwrError(
        "invalid-argument",
        `noiseMultiplier ${z} must be below twice clippedCountStddev, which is ${deviation}`,
        { hints: ["Set a larger clippedCountStddev, or a smaller noiseMultiplier"] },
      );
    }
    this.#current = initialClippingNorm;
  }

  get current(): number {
    return this.#current;
  }

  reset(): void {
    this.#current = this.#options.initialClippingNorm;
  }

  check(norm: number): void {
    checkNorm("The checkpoint's clipping norm", norm);
  }

  restore(norm: number): void {
    this.#current = norm;
  }

  adapt(clipped: number, replies: number, noise: NoiseSource): void {
    const { targetClippedQuantile, clipNormLr } = this.#options;
    const share = this.#options.flowerCompatible
      ? this.#noisy(clipped, noise) / replies
      : this.#shareNotClipped(clipped, replies, noise);
    const moved = this.#current * Math.exp(-clipNormLr * (share - targetClippedQuantile));
    this.#current = Math.min(LARGEST_NORM, Math.max(LEAST_NORM, moved));
  }

  /** Each update counts ½ or −½, as in the paper, so one update more or less changes the sum by ½. */
  #shareNotClipped(clipped: number, replies: number, noise: NoiseSource): number {
    // The divisor is fixed, because a smaller one would reveal how many nodes replied.
    return this.#noisy(replies / 2 - clipped, noise) / this.#options.numSampledClients + 0.5;
  }

  #noisy(count: number, noise: NoiseSource): number {
    const values = Float64Array.of(count);
    noise.gaussian(values, this.clippedCountStddev);
    return values[0]!;
  }
}

function checkNorm(name: string, value: number): void {
  if (value >= LEAST_NORM && value <= LARGEST_NORM) return;
  throw outOfRange(name, `a number from ${LEAST_NORM} to ${LARGEST_NORM}`, value);
}

function checkPositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) throw outOfRange(name, "a finite number above 0", value);
}

function checkNotNegative(name: string, value: number): void {
  if (value >= 0 && value <= LARGEST_NORM) return;
  throw outOfRange(name, `a number from 0 to ${LARGEST_NORM}`, value);
}
