import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import { adagradRule, adamRule, type AdaptiveOptions, yogiRule } from "./rule/adaptive.ts";

/** Options of the adaptive strategies. */
export interface FedOptOptions extends FedAvgOptions, AdaptiveOptions {}

/**
 * FedAdagrad (Reddi et al., 2020, arXiv:2003.00295): the rule `adagradRule` applied to the average of the nodes' models.
 * Defaults: η 0.1, τ 0.001.
 */
export class FedAdagrad extends FedAvg {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: Omit<FedOptOptions, "beta1" | "beta2"> = {}) {
    super(options, { rule: adagradRule(options) });
  }
}

/**
 * FedAdam (Reddi et al., 2020, arXiv:2003.00295): the rule `adamRule` applied to the average of the nodes' models. Defaults:
 * η 0.1, β₁ 0.9, β₂ 0.99, τ 0.001.
 */
export class FedAdam extends FedAvg {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: FedOptOptions = {}) {
    super(options, { rule: adamRule(options) });
  }
}

/**
 * FedYogi (Reddi et al., 2020, arXiv:2003.00295): the rule `yogiRule` applied to the average of the nodes' models. Defaults:
 * η 0.01, β₁ 0.9, β₂ 0.99, τ 0.001.
 */
export class FedYogi extends FedAvg {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: FedOptOptions = {}) {
    super(options, { rule: yogiRule(options) });
  }
}
