import type { ConfigRecord } from "../config_record.ts";
import { float } from "../float.ts";
import { checkNumber } from "../../base/check_option.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import type { Round } from "./strategy.ts";

/** Options of {@link FedProx}. */
export interface FedProxOptions extends FedAvgOptions {
  /** μ, the weight of the proximal term, from 0 (default 0, which is FedAvg). */
  readonly proximalMu?: number;
}

/**
 * FedProx (Li et al., 2018, arXiv:1812.06127): FedAvg whose nodes add μ/2 · ‖w − wᵗ‖² to their loss, where wᵗ is the
 * model that they received. The ClientApp reads μ from its config as "proximal-mu".
 */
export class FedProx extends FedAvg {
  readonly #mu: number;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when proximalMu is negative
   */
  constructor({ proximalMu = 0, ...options }: FedProxOptions = {}) {
    super(options);
    checkNumber("proximalMu", proximalMu, 0);
    this.#mu = proximalMu;
  }

  /** Adds μ to the nodes' settings as "proximal-mu". */
  protected override trainConfig(round: Round): ConfigRecord {
    return super.trainConfig(round).set("proximal-mu", float(this.#mu));
  }
}
