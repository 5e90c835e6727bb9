import { checkCount } from "../../base/check_option.ts";
import { bulyan, type BulyanSelectionOptions, leastReplies } from "./aggregator/bulyan.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";

/** Options of {@link Bulyan}. */
export interface BulyanOptions extends FedAvgOptions, BulyanSelectionOptions {
  /** Smallest number of nodes that train (default: 4f + 3, the least that Bulyan can aggregate; in Flower 2). */
  readonly minTrainNodes?: number;
}

/**
 * Bulyan (El Mhamdi et al., 2018, arXiv:1802.07927): the aggregator `bulyan`. A round with fewer than 4f + 3 usable replies
 * keeps the old model. Weights only apply to the metrics.
 */
export class Bulyan extends FedAvg {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor({ numMaliciousNodes = 0, selectionRule, ...options }: BulyanOptions = {}) {
    checkCount("numMaliciousNodes", numMaliciousNodes, 0);
    super({ minTrainNodes: leastReplies(numMaliciousNodes), ...options }, {
      aggregator: bulyan({ numMaliciousNodes, selectionRule }),
    });
  }
}
