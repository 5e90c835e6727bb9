import { checkCount } from "../../base/check_option.ts";
import { FlwrError } from "../../base/error.ts";
import { type AccountantState, readState, writeState } from "./accountant_state.ts";
import type { AccountingMethod, PrivacyLedger } from "./ledger.ts";
import { LossCache, PldLedger } from "./pld_ledger.ts";
import { DEFAULT_ORDERS, rdpOfRelease } from "./rdp.ts";
import { RdpLedger } from "./rdp_ledger.ts";
import {
  checkDelta,
  checkRelease,
  type GaussianRelease,
  outOfRange,
  type RepeatedRelease,
} from "./release.ts";

/** Settings of an accountant. Names and checks are those of Flower 1.42's PrivacyConfig. */
export interface PrivacyConfig {
  /** The δ at which ε is reported, above 0 and below 1: well below 1 / `populationSize`. */
  readonly targetDelta: number;
  /** Number of participants from which those of each release are drawn: nodes, or the examples of one node. From 1. */
  readonly populationSize: number;
  /**
   * How participants are drawn. "poisson": each independently. "without-replacement": a fixed number.
   * "no-amplification": sampling is not counted. Default: "no-amplification".
   */
  readonly samplingMethod?: SamplingMethod;
  /** The budget: the ε that is not to be exceeded. Above 0. Default: none. */
  readonly maxEpsilon?: number;
}

/** How the participants of a release are drawn, in Flower's words. */
export type SamplingMethod = "poisson" | "without-replacement" | "no-amplification";

/**
 * The relation of two data sets whose releases an attacker must hardly be able to tell apart: one has one more
 * participant ("add-or-remove-one"), or one participant is replaced by another ("replace-one").
 */
export type NeighboringRelation = "add-or-remove-one" | "replace-one";

/** One release, of a sum to which `sampleSize` participants contributed. */
export interface GaussianPrivacyEvent {
  /**
   * Standard deviation of the noise ÷ the most by which one participant can change the sum. With "without-replacement" one
   * is replaced by another, which can change it by twice the clipping norm.
   */
  readonly noiseMultiplier: number;
  /** Number of participants; with "poisson" the expected one. From 1 to `populationSize`. */
  readonly sampleSize: number;
}

/** The privacy loss of all releases so far. */
export interface PrivacySpent {
  /** ε, in nats; Infinity where the method can show none. */
  readonly epsilon: number;
  /** The δ at which that ε holds. */
  readonly delta: number;
  /** Number of releases. */
  readonly numReleases: number;
  /** The accounting method: "rdp" or "pld". */
  readonly accountingMethod: AccountingMethod;
  /** RDP: the order that gives the least ε. */
  readonly optimalOrder?: number;
}

/** Ledgers that an accountant keeps. */
const MOST_LEDGERS = 2;

/** A release, and how often it was made. */
interface Composition {
  readonly event: GaussianPrivacyEvent;
  readonly count: number;
}

/** Adds up the privacy loss of releases. */
export abstract class PrivacyAccountant {
  /** Name of the accounting method. */
  abstract readonly method: AccountingMethod;
  /** The settings, with their defaults. */
  readonly config: Required<Omit<PrivacyConfig, "maxEpsilon">> & Pick<PrivacyConfig, "maxEpsilon">;
  /** Ledgers by their releases: the current one, and the one that {@link wouldExceed} has asked for. */
  readonly #ledgers = new Map<string, PrivacyLedger>();
  readonly #compositions: Composition[] = [];

  /**
   * Creates an accountant without releases.
   *
   * @throws FlwrError "invalid-argument" naming the setting that is out of range
   */
  constructor(config: PrivacyConfig) {
    const { targetDelta, populationSize, samplingMethod = "no-amplification", maxEpsilon } = config;
    checkDelta(targetDelta);
    checkCount("populationSize", populationSize);
    if (!["poisson", "without-replacement", "no-amplification"].includes(samplingMethod)) {
      const methods = '"poisson", "without-replacement" or "no-amplification"';
      throw outOfRange("samplingMethod", methods, `"${samplingMethod}"`);
    }
    if (maxEpsilon !== undefined && !(maxEpsilon > 0 && maxEpsilon < Infinity)) {
      throw outOfRange("maxEpsilon", "a finite number above 0", maxEpsilon);
    }
    this.config = { targetDelta, populationSize, samplingMethod, maxEpsilon };
  }

  /** What "neighbouring" means for this accountant's ε. */
  get neighboringRelation(): NeighboringRelation {
    return this.config.samplingMethod === "without-replacement"
      ? "replace-one"
      : "add-or-remove-one";
  }

  /** Number of releases so far. */
  get numReleases(): number {
    return this.#compositions.reduce((sum, { count }) => sum + count, 0);
  }

  /**
   * Adds releases.
   *
   * @throws FlwrError "invalid-argument" if the event or `count` is out of range; nothing is added then
   */
  compose(event: GaussianPrivacyEvent, count = 1): void {
    this.#release(event);
    checkCount("count", count);
    const { noiseMultiplier, sampleSize } = event;
    this.#compositions.push({ event: { noiseMultiplier, sampleSize }, count });
  }

  /** ε of all releases so far at `delta`, in nats. Default: the target δ. */
  epsilon(delta = this.config.targetDelta): number {
    checkDelta(delta);
    return this.#compositions.length === 0 ? 0 : this.#ledger().epsilon(delta);
  }

  /** δ of all releases so far at `epsilon`. */
  delta(epsilon: number): number {
    if (!(epsilon >= 0)) throw outOfRange("epsilon", "0 or above", epsilon);
    return this.#compositions.length === 0 ? 0 : this.#ledger().delta(epsilon);
  }

  /** The privacy loss of all releases so far at `delta`. Default: the target δ. */
  spent(delta = this.config.targetDelta): PrivacySpent {
    checkDelta(delta);
    const { numReleases, method } = this;
    if (numReleases === 0) return { epsilon: 0, delta, numReleases, accountingMethod: method };
    const ledger = this.#ledger();
    if (!(ledger instanceof RdpLedger)) {
      return { epsilon: ledger.epsilon(delta), delta, numReleases, accountingMethod: method };
    }
    const { epsilon, order } = ledger.atBestOrder(delta);
    return { epsilon, delta, numReleases, accountingMethod: method, optimalOrder: order };
  }

  /**
   * Whether further releases would exceed an ε. Nothing is added.
   *
   * @param maxEpsilon default: the budget of the settings
   * @throws FlwrError "invalid-argument" if there is no budget, or the event or `count` is out of range
   */
  wouldExceed(
    event: GaussianPrivacyEvent,
    maxEpsilon = this.config.maxEpsilon,
    count = 1,
  ): boolean {
    if (maxEpsilon === undefined) {
      throw new FlwrError("invalid-argument", "There is no maxEpsilon to compare with", {
        hints: ["Give maxEpsilon to the accountant, or to wouldExceed"],
      });
    }
    checkCount("count", count);
    this.#release(event);
    return this.#ledger({ event, count }).epsilon(this.config.targetDelta) > maxEpsilon;
  }

  /** What Flower 1.42's accountant of the same method stores: plain data, ready for JSON. */
  state(): AccountantState {
    return writeState(this, this.#compositions);
  }

  /**
   * Takes over the releases of another accountant, also one of Python's Flower, instead of those so far.
   *
   * @param state what {@link state} returned, or what was read from its JSON
   * @throws FlwrError "invalid-argument" if it is malformed, of another method, or has other settings; nothing changes then
   */
  restore(state: unknown): void {
    const compositions = readState(this, state);
    for (const { event, count } of compositions) {
      this.#release(event);
      checkCount("count", count);
    }
    this.#compositions.splice(0, Infinity, ...compositions);
  }

  /** The privacy loss of these releases by this accountant's method. */
  protected abstract ledger(releases: readonly RepeatedRelease[]): PrivacyLedger;

  /** The ledger of all releases, and of one that may follow. */
  #ledger(next?: Composition): PrivacyLedger {
    const releases = this.#releases(next);
    const key = releases.map(({ key, count }) => `${key} ${count}`).join();
    const ledger = this.#ledgers.get(key) ?? this.ledger(releases);
    this.#ledgers.delete(key);
    this.#ledgers.set(key, ledger);
    if (this.#ledgers.size > MOST_LEDGERS) this.#ledgers.delete(this.#ledgers.keys().next().value!);
    return ledger;
  }

  /** All releases; equal ones are joined, so that a thousand rounds cost as much as one. */
  #releases(next?: Composition): (RepeatedRelease & { readonly key: string })[] {
    const counts = new Map<string, Composition>();
    for (const { event, count } of [...this.#compositions, ...next ? [next] : []]) {
      const key = `${event.noiseMultiplier} ${event.sampleSize}`;
      const known = counts.get(key)?.count ?? 0;
      counts.set(key, { event, count: known + count });
    }
    return [...counts].map(([key, { event, count }]) => ({
      key,
      release: this.#release(event),
      count,
    }));
  }

  #release({ noiseMultiplier, sampleSize }: GaussianPrivacyEvent): GaussianRelease {
    const { populationSize, samplingMethod } = this.config;
    checkCount("sampleSize", sampleSize);
    if (sampleSize > populationSize) {
      throw outOfRange("sampleSize", `at most the population of ${populationSize}`, sampleSize);
    }
    const sampling = samplingMethod === "no-amplification"
      ? { method: "none" } as const
      : samplingMethod === "poisson"
      ? { method: "poisson", rate: sampleSize / populationSize } as const
      : { method: samplingMethod, sampleSize, populationSize };
    const release = { noiseMultiplier, sampling };
    checkRelease(release);
    return release;
  }
}

/**
 * Accounting by Rényi differential privacy (Mironov, arXiv:1702.07476), as Flower 1.42 and Opacus do by default. Fast; its ε is
 * some percent above the true one.
 */
export class RdpAccountant extends PrivacyAccountant {
  /** Name of the accounting method. */
  override readonly method = "rdp";
  /** The orders at which divergences are kept, each above 1. */
  readonly orders: readonly number[];
  /** Divergences of a release, by its noise and sampling. */
  readonly #divergences = new Map<string, Float64Array>();

  /**
   * Creates an accountant without releases.
   *
   * @throws FlwrError "invalid-argument" naming the setting that is out of range
   */
  constructor(config: PrivacyConfig, orders: readonly number[] = DEFAULT_ORDERS) {
    super(config);
    this.orders = new RdpLedger([], orders).orders;
  }

  /** The privacy loss of these releases by this accountant's method. */
  protected override ledger(releases: readonly RepeatedRelease[]): PrivacyLedger {
    return new RdpLedger(releases, this.orders, (release) => {
      const key = JSON.stringify(release);
      const known = this.#divergences.get(key) ?? rdpOfRelease(release, this.orders);
      this.#divergences.set(key, known);
      return known;
    });
  }
}

/**
 * Accounting by distributions of the privacy loss (PLD). Its ε is above the true one by less than 10⁻³ of it; each
 * further release takes a part of a second.
 */
export class PldAccountant extends PrivacyAccountant {
  /** Name of the accounting method. */
  override readonly method = "pld";
  readonly #losses = new LossCache();

  /**
   * Creates an accountant without releases.
   *
   * @throws FlwrError "invalid-argument" naming the setting that is out of range, such as "without-replacement"
   */
  constructor(config: PrivacyConfig) {
    super(config);
    if (config.samplingMethod === "without-replacement") {
      throw new FlwrError(
        "invalid-argument",
        'A PldAccountant cannot account for samplingMethod "without-replacement"',
        { hints: ["Use an RdpAccountant"] },
      );
    }
  }

  /** The privacy loss of these releases by this accountant's method. */
  protected override ledger(releases: readonly RepeatedRelease[]): PrivacyLedger {
    return new PldLedger(releases, this.#losses);
  }
}
