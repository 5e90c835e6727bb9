import { FlwrError } from "../../base/error.ts";
import { checkCount } from "../../base/check_option.ts";
import { outOfRange } from "../../privacy/accounting/release.ts";
import type { Strategy } from "../strategy/strategy.ts";
import { CentralDp, type CentralDpOptions } from "./central_dp.ts";
import { FixedNorm } from "./clipping_norm.ts";
import { MatrixRun } from "./matrix_run.ts";

/** Options of {@link DifferentialPrivacyMatrixMechanism}. */
export interface MatrixMechanismOptions
  extends Omit<CentralDpOptions, "flowerCompatible" | "forTestsNoise"> {
  /**
   * z of the whole run, from 0: the standard deviation of the independent noise ÷ the maximum change that one node can
   * cause over all rounds together. `calibrateNoise` with `count: 1` finds it for an ε and δ.
   */
  readonly noiseMultiplier: number;
  /** C: an update counts with at most this Euclidean norm, over all arrays together. Above 0. */
  readonly clippingNorm: number;
  /** n: maximum number of rounds of the run. From 1. */
  readonly rounds: number;
  /**
   * b: a node that joined a round can join again b rounds later at the earliest. From 1; usually about the number of
   * nodes divided by `numSampledClients`.
   */
  readonly minSeparation: number;
  /** k: maximum number of rounds that one node joins. From 1 (default: ⌈`rounds` / `minSeparation`⌉). */
  readonly maxParticipations?: number;
  /**
   * p: number of bands of the factorisation, from 1 to `rounds`. Each band except the first needs as much memory as a
   * model in float64 (default: the number with the least error, up to 32).
   */
  readonly bands?: number;
  /**
   * Number of nodes of the federation. Options that need more nodes are refused (default: `populationSize` of the
   * accountant; without an accountant this is not checked).
   */
  readonly populationSize?: number;
  /** Seed that makes the choice of nodes repeatable, but not the noise (default: random). */
  readonly seed?: number;
}

/**
 * Central differential privacy with correlated noise: the noise of a round cancels part of the noise of earlier rounds,
 * so the model has less noise at the same ε, without sampling nodes at random (DP-FTRL: Kairouz et al., 2021,
 * arXiv:2103.00039; banded matrices: Choquette-Choo et al., 2023, arXiv:2306.08153). The factorisation is the banded
 * square root of Kalinin and Lampert, 2024, arXiv:2405.13763. The server clips.
 *
 * The wrapper chooses the nodes of each round from those that may join it, and the inner strategy sees only these. The
 * accountant counts the whole run as one release before its first round ends.
 *
 * A checkpoint contains the key of the noise: it is as secret as the nodes' updates.
 *
 * @example
 * ```ts
 * const [epsilon, delta, rounds] = [8, 1e-5, 200];
 * const strategy = new DifferentialPrivacyMatrixMechanism(new FedAvg(), {
 *   clippingNorm: 0.5,
 *   noiseMultiplier: calibrateNoise({ epsilon, delta, count: 1 }),
 *   numSampledClients: 10,
 *   rounds,
 *   minSeparation: 20, // of 200 nodes
 *   accountant: new RdpAccountant({ targetDelta: delta, populationSize: 200, maxEpsilon: epsilon }),
 * });
 * await strategy.start(grid, { numRounds: rounds });
 * ```
 */
export class DifferentialPrivacyMatrixMechanism extends CentralDp {
  /**
   * Creates the strategy.
   *
   * @param strategy computes the new model from the noisy mean
   * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
   */
  constructor(strategy: Strategy, options: MatrixMechanismOptions) {
    checkOptions(options);
    const wholeRun = new FixedNorm(options);
    const { rounds, minSeparation } = options;
    const maxParticipations = options.maxParticipations ?? Math.ceil(rounds / minSeparation);
    const matrix = new MatrixRun({ ...options, maxParticipations });
    super(strategy, {
      ...options,
      // For the independent noise on the sum of a round.
      norm: new FixedNorm({
        clippingNorm: wholeRun.current,
        noiseMultiplier: wholeRun.noiseMultiplier * matrix.sensitivity,
      }),
      side: "server",
      adaptive: false,
      runNoise: matrix,
    });
  }
}

function checkOptions(options: MatrixMechanismOptions): void {
  const { rounds, minSeparation, maxParticipations, bands, numSampledClients } = options;
  checkCount("numSampledClients", numSampledClients);
  checkCount("rounds", rounds);
  checkCount("minSeparation", minSeparation);
  if (maxParticipations !== undefined) checkCount("maxParticipations", maxParticipations);
  if (bands !== undefined) {
    checkCount("bands", bands);
    if (bands > rounds) throw outOfRange("bands", `at most rounds, ${rounds}`, bands);
  }
  const population = options.populationSize ?? options.accountant?.config.populationSize;
  if (population === undefined) return;
  checkCount("populationSize", population);
  const separation = Math.min(minSeparation, rounds);
  if (separation * numSampledClients > population) {
    throw new FlwrError(
      "invalid-argument",
      `minSeparation ${minSeparation} with ${numSampledClients} nodes a round needs ` +
        `${separation * numSampledClients} nodes: populationSize is ${population}`,
      {
        hints: [
          `Set minSeparation to ${
            Math.floor(population / numSampledClients)
          } or less, or a smaller numSampledClients`,
        ],
      },
    );
  }
  const joins = Math.min(maxParticipations ?? Infinity, Math.ceil(rounds / minSeparation));
  if (joins * population >= rounds * numSampledClients) return;
  throw new FlwrError(
    "invalid-argument",
    `maxParticipations ${maxParticipations} of ${population} nodes is not enough for ${rounds} rounds ` +
      `of ${numSampledClients} nodes`,
    { hints: ["Set a larger maxParticipations, or fewer rounds"] },
  );
}
