import { FlwrError } from "../../base/error.ts";
import { type PrivacyAccountant, RdpAccountant } from "../../privacy/accounting/accountant.ts";
import type { DpSgd, FitPrivacy } from "./dp_sgd.ts";

/** δ that is reported by default. */
const DEFAULT_DELTA = 1e-5;

/** Counts the privacy loss of one fit. */
export class FitPrivacyLoss {
  readonly #settings: DpSgd;
  readonly #batch: number;
  readonly #examples: number;
  readonly #delta: number;
  readonly #accountant?: PrivacyAccountant;

  /**
   * Checks that a fit stays within the accountant's budget.
   *
   * @param examples number of examples to draw from
   * @param batch the expected number of examples in a step
   * @param steps number of steps of the fit
   * @throws FlwrError "invalid-argument" when the accountant is for another number of examples, "failed-precondition" when
   * the fit would exceed its budget
   */
  constructor(settings: DpSgd, examples: number, batch: number, steps: number) {
    const { accountant, noiseMultiplier } = settings;
    this.#settings = settings;
    this.#batch = batch;
    this.#examples = examples;
    this.#delta = settings.delta ?? accountant?.config.targetDelta ??
      Math.min(DEFAULT_DELTA, 1 / (10 * examples));
    this.#accountant = accountant ?? (noiseMultiplier === 0 ? undefined : new RdpAccountant({
      targetDelta: this.#delta,
      populationSize: examples,
      samplingMethod: "poisson",
    }));
    if (accountant === undefined) return;
    const { populationSize, maxEpsilon } = accountant.config;
    if (populationSize !== examples) {
      throw new FlwrError(
        "invalid-argument",
        `dpSgd: the accountant's populationSize must be the number of examples, ${examples}: ` +
          `got ${populationSize}`,
      );
    }
    if (maxEpsilon === undefined || !accountant.wouldExceed(this.#event, maxEpsilon, steps)) return;
    throw new FlwrError(
      "failed-precondition",
      `${steps} steps of DP-SGD would exceed the privacy budget: ε is ${accountant.epsilon()} of ` +
        `at most ${maxEpsilon} (δ ${accountant.config.targetDelta})`,
      {
        hints: ["Train for fewer epochs, or with a larger noiseMultiplier or a smaller batchSize"],
      },
    );
  }

  get #event() {
    return { noiseMultiplier: this.#settings.noiseMultiplier, sampleSize: this.#batch };
  }

  /** Counts the steps that were made. */
  spend(steps: number): void {
    if (steps > 0) this.#accountant?.compose(this.#event, steps);
  }

  /**
   * The privacy loss after the fit.
   *
   * @param steps number of steps that were made
   */
  report(steps: number): FitPrivacy {
    const { noiseMultiplier, clip } = this.#settings;
    return {
      epsilon: this.#accountant?.epsilon(this.#delta) ?? Infinity,
      delta: this.#delta,
      unit: "example",
      steps,
      samplingRate: this.#batch / this.#examples,
      noiseMultiplier,
      clip,
      accountingMethod: this.#accountant?.method ?? "none",
    };
  }
}
