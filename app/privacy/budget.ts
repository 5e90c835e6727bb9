import { FlwrError } from "../../base/error.ts";
import type {
  GaussianPrivacyEvent,
  PrivacyAccountant,
} from "../../privacy/accounting/accountant.ts";
import type { PrivacyReport } from "../events.ts";

/** Adds up the privacy loss of a run's rounds, and says when its budget is spent. */
export class PrivacyBudget {
  /** The user's accountant. It may have counted earlier runs with the same data. */
  readonly accountant: PrivacyAccountant;
  readonly #event: GaussianPrivacyEvent;

  /**
   * @param event the release of each round
   * @throws FlwrError "invalid-argument" if the accountant's settings do not fit the release
   */
  constructor(accountant: PrivacyAccountant, event: GaussianPrivacyEvent) {
    const { samplingMethod, populationSize } = accountant.config;
    if (samplingMethod !== "no-amplification") {
      throw new FlwrError(
        "invalid-argument",
        `The accountant's samplingMethod must be "no-amplification": got "${samplingMethod}"`,
        {
          hints: ["A strategy draws from the nodes that are online, not from the whole population"],
        },
      );
    }
    if (event.sampleSize > populationSize) {
      throw new FlwrError(
        "invalid-argument",
        `numSampledClients ${event.sampleSize} exceeds the accountant's populationSize ${populationSize}`,
      );
    }
    if (!(event.noiseMultiplier > 0)) {
      throw new FlwrError(
        "invalid-argument",
        "noiseMultiplier must be above 0 with an accountant: without noise there is no ε",
      );
    }
    this.accountant = accountant;
    this.#event = event;
  }

  /**
   * The reason why a round would exceed the budget. Undefined if it would not.
   *
   * @throws FlwrError "failed-precondition" if the budget does not even allow the first round
   */
  stopBefore(round: number): string | undefined {
    const { maxEpsilon, targetDelta } = this.accountant.config;
    if (maxEpsilon === undefined || !this.accountant.wouldExceed(this.#event)) return undefined;
    const reason =
      `Privacy budget: round ${round} would exceed ε ${maxEpsilon} at δ ${targetDelta}` +
      `, of which ${Number(this.accountant.epsilon().toPrecision(4))} is spent`;
    if (round > 1) return reason;
    throw new FlwrError("failed-precondition", reason, {
      hints: ["Choose noiseMultiplier with calibrateNoise, or a larger maxEpsilon"],
    });
  }

  /** Counts a round's release. */
  spend(): PrivacyReport {
    this.accountant.compose(this.#event);
    return this.report();
  }

  /** The privacy loss so far. */
  report(): PrivacyReport {
    const { epsilon, delta, accountingMethod } = this.accountant.spent();
    const { neighboringRelation, config: { samplingMethod } } = this.accountant;
    return {
      epsilon,
      delta,
      unit: "node",
      neighboringRelation,
      samplingMethod,
      accountingMethod,
    };
  }
}
