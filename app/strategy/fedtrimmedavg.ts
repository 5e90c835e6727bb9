import type { Tensor } from "../../tensor/tensor.ts";
import { checkNumber } from "./check_option.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import { orderStatistics } from "./order_statistics.ts";
import type { CheckedReply } from "./reply_check.ts";
import type { Round } from "./strategy.ts";

/** Options of {@link FedTrimmedAvg}. */
export interface FedTrimmedAvgOptions extends FedAvgOptions {
  /** β, the share of the values that is cut off at each end, from 0 to below 0.5 (default 0.2). */
  readonly beta?: number;
}

/**
 * The element-wise mean of the nodes' models without the ⌊β·n⌋ smallest and largest values (Yin et al., 2018,
 * arXiv:1803.01498). Weights only apply to the metrics.
 */
export class FedTrimmedAvg extends FedAvg {
  readonly #beta: number;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when beta is out of range
   */
  constructor({ beta = 0.2, ...options }: FedTrimmedAvgOptions = {}) {
    super(options);
    checkNumber("beta", beta, 0, 0.5 - Number.EPSILON);
    this.#beta = beta;
  }

  /** The mean of each parameter without its smallest and largest values. */
  protected override aggregateModels(
    _round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const cut = Math.floor(this.#beta * replies.length);
    const kept = replies.length - 2 * cut;
    return orderStatistics(replies.map(({ tensors }) => tensors), (sorted) => {
      const middle = sorted.subarray(cut, cut + kept);
      return middle.reduce((sum, value) => sum + value, 0) / kept;
    });
  }
}
