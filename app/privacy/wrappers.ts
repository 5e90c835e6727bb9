import type { Strategy } from "../strategy/strategy.ts";
import { CentralDp, type CentralDpOptions, type ClientSideOptions } from "./central_dp.ts";
import { AdaptiveNorm, type AdaptiveNormOptions, FixedNorm } from "./clipping_norm.ts";

/** Options of the wrappers with a fixed clipping norm. Names are Flower's. */
export interface FixedClippingOptions extends CentralDpOptions {
  /** C: an update counts with at most this Euclidean norm, over all arrays together. Above 0. */
  readonly clippingNorm: number;
}

/** Options of the wrappers with an adaptive clipping norm. */
export interface AdaptiveClippingOptions extends CentralDpOptions, AdaptiveNormOptions {
  /**
   * z of the whole round, count and updates together, from 0. The noise on the updates is
   * {@link CentralDp.updateNoiseMultiplier}.
   */
  readonly noiseMultiplier: number;
  /** n, the number of nodes that each round trains on, from 1. */
  readonly numSampledClients: number;
  /** Whether to compute as Flower does, including its rule that moves the norm away from its target (default false). */
  readonly flowerCompatible?: boolean;
}

/**
 * Central differential privacy with a fixed clipping norm (McMahan et al., 2018, arXiv:1710.06963); the server clips.
 *
 * @example
 * ```ts
 * const [numRounds, epsilon, delta] = [20, 8, 1e-5];
 * const strategy = new DifferentialPrivacyServerSideFixedClipping(new FedAvg(), {
 *   clippingNorm: 0.5,
 *   noiseMultiplier: calibrateNoise({ epsilon, delta, count: numRounds }),
 *   numSampledClients: 10,
 *   accountant: new RdpAccountant({ targetDelta: delta, populationSize: 10, maxEpsilon: epsilon }),
 * });
 * await strategy.start(grid, { numRounds });
 * ```
 */
export class DifferentialPrivacyServerSideFixedClipping extends CentralDp {
  /**
   * Creates the strategy.
   *
   * @param strategy computes the new model from the noisy mean
   * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
   */
  constructor(strategy: Strategy, options: FixedClippingOptions) {
    const norm = new FixedNorm(options);
    super(strategy, { ...options, norm, side: "server", adaptive: false });
  }
}

/**
 * Like {@link DifferentialPrivacyServerSideFixedClipping}, but the nodes clip: they need `fixedClippingMod`, or
 * Flower's `fixedclipping_mod`. The server does not rely on it.
 */
export class DifferentialPrivacyClientSideFixedClipping extends CentralDp {
  /** Creates the strategy. @throws FlwrError as {@link DifferentialPrivacyServerSideFixedClipping} */
  constructor(strategy: Strategy, options: FixedClippingOptions & ClientSideOptions) {
    const norm = new FixedNorm(options);
    super(strategy, { ...options, norm, side: "client", adaptive: false });
  }
}

/**
 * Central differential privacy with a clipping norm that follows a quantile of the updates' norms (Andrew et al., 2019,
 * arXiv:1905.03871); the server clips.
 */
export class DifferentialPrivacyServerSideAdaptiveClipping extends CentralDp {
  /** Creates the strategy. @throws FlwrError as {@link DifferentialPrivacyServerSideFixedClipping} */
  constructor(strategy: Strategy, options: AdaptiveClippingOptions) {
    const norm = new AdaptiveNorm(options);
    super(strategy, { ...options, norm, side: "server", adaptive: true });
  }
}

/**
 * Like {@link DifferentialPrivacyServerSideAdaptiveClipping}, but the nodes clip: they need `adaptiveClippingMod`, or
 * Flower's `adaptiveclipping_mod`, which also says whether an update was clipped.
 */
export class DifferentialPrivacyClientSideAdaptiveClipping extends CentralDp {
  /** Creates the strategy. @throws FlwrError as {@link DifferentialPrivacyServerSideFixedClipping} */
  constructor(strategy: Strategy, options: AdaptiveClippingOptions & ClientSideOptions) {
    const norm = new AdaptiveNorm(options);
    super(strategy, { ...options, norm, side: "client", adaptive: true });
  }
}
