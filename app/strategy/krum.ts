import { checkCount } from "../../base/check_option.ts";
import { type KrumSelectionOptions, selectByScore } from "./aggregator/krum.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";

/** Options of {@link MultiKrum}. */
export interface MultiKrumOptions extends FedAvgOptions, KrumSelectionOptions {}

/**
 * Multi-Krum (Blanchard et al., 2017, arXiv:1703.02757): the average of the models closest to others. A model's score
 * is the sum of its squared distances to the n − f − 2 (at least 1) closest of the n models. The models with the lowest
 * scores are selected. Of equal scores, the lower node id wins. Models of weight 0 are left out.
 */
export class MultiKrum extends FedAvg {
  readonly #malicious: number;
  readonly #selected: number;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor({ numMaliciousNodes = 0, numNodesToSelect = 1, ...options }: MultiKrumOptions = {}) {
    super(options);
    checkCount("numMaliciousNodes", numMaliciousNodes, 0);
    checkCount("numNodesToSelect", numNodesToSelect, 1);
    this.#malicious = numMaliciousNodes;
    this.#selected = numNodesToSelect;
  }

  /** Selects the replies whose models are closest to their neighbours. */
  protected override selectReplies(replies: readonly CheckedReply[]): readonly CheckedReply[] {
    return selectByScore(replies, this.#malicious, this.#selected);
  }
}

/** Krum (Blanchard et al., 2017, arXiv:1703.02757): the single model closest to others. */
export class Krum extends MultiKrum {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: Omit<MultiKrumOptions, "numNodesToSelect"> = {}) {
    super({ ...options, numNodesToSelect: 1 });
  }
}
