import { coordinateMedian, trimmedMean } from "./aggregator/order_statistics.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";

/**
 * The element-wise median of the nodes' models (Yin et al., 2018, arXiv:1803.01498), which a minority of nodes cannot
 * move arbitrarily. For an even number, it is the mean of the middle two. Weights only apply to the metrics.
 */
export class FedMedian extends FedAvg {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: FedAvgOptions = {}) {
    super(options, { aggregator: coordinateMedian() });
  }
}

/** Options of {@link FedTrimmedAvg}. */
export interface FedTrimmedAvgOptions extends FedAvgOptions {
  /** β, the share of the values that are dropped at each end, from 0 to below 0.5 (default 0.2). */
  readonly beta?: number;
}

/**
 * The element-wise mean of the nodes' models without the ⌊β·n⌋ smallest and largest values (Yin et al., 2018,
 * arXiv:1803.01498). Weights only apply to the metrics.
 */
export class FedTrimmedAvg extends FedAvg {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when beta is out of range
   */
  constructor({ beta, ...options }: FedTrimmedAvgOptions = {}) {
    super(options, { aggregator: trimmedMean(beta) });
  }
}
