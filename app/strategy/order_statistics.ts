import type { Tensor } from "../../tensor/tensor.ts";
import { elementwise, mapModel } from "./elementwise.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import type { CheckedReply } from "./reply_check.ts";
import type { Round } from "./strategy.ts";
import { checkNumber } from "./check_option.ts";

/**
 * Combines several models into one, each element computed from the sorted values of the models at its index.
 *
 * @param models at least one; all with the same names and shapes
 * @param statistic computes the element from the values in ascending order
 */
export function orderStatistics(
  models: readonly ReadonlyMap<string, Tensor>[],
  statistic: (sorted: Float64Array) => number,
): Map<string, Tensor> {
  const values = new Float64Array(models.length);
  return mapModel(models[0]!, (name, like) => {
    const all = models.map((model) => model.get(name)!.data);
    return elementwise(like, (i) => {
      all.forEach((data, model) => values[model] = Number(data[i]!));
      return statistic(values.sort());
    });
  });
}

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
