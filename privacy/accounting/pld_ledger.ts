import { composeLosses, PreparedLosses } from "./compose_losses.ts";
import type { PrivacyLedger } from "./ledger.ts";
import { type LossDistribution, lossDistribution } from "./privacy_loss.ts";
import { outOfRange, type RepeatedRelease } from "./release.ts";

/** Distance of privacy losses on the grid: the default of dp-accounting 0.6. */
const LOSS_INTERVAL = 1e-4;

/** Distributions that a {@link LossCache} keeps: those of a run, of which each may take 30 MB. */
const MOST_DISTRIBUTIONS = 8;

/** Distributions of losses that ledgers with the same releases share. */
export class LossCache {
  readonly #known = new Map<string, PreparedLosses>();

  /** The losses of one release. */
  of(noiseMultiplier: number, rate: number, direction: "remove" | "add"): PreparedLosses {
    const key = `${noiseMultiplier} ${rate} ${direction}`;
    const known = this.#known.get(key) ??
      new PreparedLosses(lossDistribution(noiseMultiplier, rate, direction, LOSS_INTERVAL));
    // A run whose noise differs in each round would fill the memory.
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size > MOST_DISTRIBUTIONS) {
      this.#known.delete(this.#known.keys().next().value!);
    }
    return known;
  }
}

/**
 * Composes the distributions of privacy losses: Koskela, Jälkö, Honkela, arXiv:1906.03049. Tighter than Rényi divergences,
 * and slower. Adding a participant and removing one are counted apart, and the larger loss holds.
 */
export class PldLedger implements PrivacyLedger {
  readonly method = "pld";
  readonly #directions: readonly LossDistribution[];

  /**
   * Composes releases.
   *
   * @param cache the distributions of earlier ledgers (default: none)
   * @throws FlwrError "invalid-argument" for sampling without replacement
   */
  constructor(releases: readonly RepeatedRelease[], cache: LossCache = new LossCache()) {
    const sampled = releases.map(({ release: { noiseMultiplier, sampling }, count }) => {
      if (sampling.method === "without-replacement") {
        throw outOfRange("sampling.method", '"none" or "poisson" for PLD', `"${sampling.method}"`);
      }
      return { noiseMultiplier, rate: sampling.method === "poisson" ? sampling.rate : 1, count };
    });
    // Without sampling both directions are one.
    const directions = sampled.every(({ rate }) => rate === 1)
      ? ["remove"] as const
      : ["remove", "add"] as const;
    this.#directions = directions.map((direction) =>
      composeLosses(
        sampled.map(({ noiseMultiplier, rate, count }) => ({
          prepared: cache.of(noiseMultiplier, rate, direction),
          count,
        })),
        LOSS_INTERVAL,
      )
    );
  }

  epsilon(delta: number): number {
    return Math.max(...this.#directions.map((losses) => epsilonOf(losses, delta)));
  }

  delta(epsilon: number): number {
    return Math.max(...this.#directions.map((losses) => deltaOf(losses, epsilon)));
  }
}

/** The hockey-stick divergence: Σ (1 − exp(ε − loss)) · mass over the losses above ε. */
function deltaOf({ interval, first, mass, infinite }: LossDistribution, epsilon: number): number {
  let delta = infinite;
  for (let k = mass.length - 1; k >= 0; k--) {
    const loss = (first + k) * interval;
    if (loss <= epsilon) break;
    delta -= mass[k]! * Math.expm1(epsilon - loss);
  }
  return Math.min(1, Math.max(0, delta));
}

/** The least ε ≥ 0 whose {@link deltaOf} is at most `delta`. */
function epsilonOf({ interval, first, mass, infinite }: LossDistribution, delta: number): number {
  if (infinite > delta) return Infinity;
  // Of the losses from grid point k on: their mass, and their mass · exp(−loss).
  let [above, weighted] = [infinite, 0];
  for (let k = mass.length - 1; k >= 0; k--) {
    const loss = (first + k) * interval;
    above += mass[k]!;
    weighted += mass[k]! * Math.exp(-loss);
    const next = loss - interval;
    if (above - Math.exp(next) * weighted > delta) {
      return Math.max(0, Math.log((above - delta) / weighted));
    }
    if (next <= 0) return 0;
  }
  return 0;
}
