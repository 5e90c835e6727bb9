import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import { type MomentumOptions, momentumRule } from "./rule/momentum.ts";

/** Options of {@link FedAvgM}. */
export interface FedAvgMOptions extends FedAvgOptions, MomentumOptions {}

/**
 * Federated averaging with momentum at the server (Hsu et al., 2019, arXiv:1909.06335): with w the model sent and w̄
 * the average of the nodes' models, m ← β·m + (w − w̄), and the new model is w − η·m. Computed in double precision.
 *
 * @example
 * ```ts
 * new FedAvgM({ serverMomentum: 0.9, serverLearningRate: (round) => 1 / Math.sqrt(round) });
 * ```
 */
export class FedAvgM extends FedAvg {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: FedAvgMOptions = {}) {
    super(options, { rule: momentumRule(options) });
  }
}
