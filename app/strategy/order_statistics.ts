import type { Tensor } from "../../tensor/tensor.ts";
import { elementwise, mapModel } from "./elementwise.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import type { CheckedReply } from "./reply_check.ts";
import type { Round } from "./strategy.ts";
import { checkNumber } from "./check_option.ts";

/**
 * Makes one model of several, each element from the sorted values that the models have in its place.
 *
 * @param models at least one; all with the same names and shapes
 * @param statistic of the values in ascending order
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
 * The median of the nodes' models, element by element (Yin et al., 2018, arXiv:1803.01498): a minority of nodes cannot
 * pull it away. Of an even number it is the mean of the middle two. Weights count for the metrics only.
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
  /** β, the part of the values that is cut off at each end, from 0 to below 0.5. Default: 0.2. */
  readonly beta?: number;
}

/**
 * The mean of the nodes' models, element by element, after the ⌊β·n⌋ smallest and largest values were cut off (Yin et
 * al., 2018, arXiv:1803.01498). Weights count for the metrics only.
 */
export class FedTrimmedAvg extends FedAvg {
  readonly #beta: number;

  /**
   * The strategy with these options.
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
