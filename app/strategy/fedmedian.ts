import type { Tensor } from "../../tensor/tensor.ts";
import { FedAvg } from "./fedavg.ts";
import { orderStatistics } from "./order_statistics.ts";
import type { CheckedReply } from "./reply_check.ts";
import type { Round } from "./strategy.ts";

/**
 * The element-wise median of the nodes' models (Yin et al., 2018, arXiv:1803.01498), which a minority of nodes cannot
 * move arbitrarily. Of an even number it is the mean of the middle two. Weights only apply to the metrics.
 */
export class FedMedian extends FedAvg {
  /** The median of each parameter. */
  protected override aggregateModels(
    _round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    return orderStatistics(replies.map(({ tensors }) => tensors), median);
  }
}

function median(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
