import type { Tensor } from "../../../tensor/tensor.ts";
import { checkNumber } from "../../check_option.ts";
import { elementwise, mapModel } from "../arrays/elementwise.ts";
import type { Tensors } from "../round/round.ts";
import type { Aggregator } from "./aggregator.ts";
import { collecting } from "./collecting.ts";

/**
 * Combines several models into one, each element computed from the sorted values of the models at its index.
 *
 * @param models at least one; all with the same names and shapes
 * @param statistic computes the element from the values in ascending order
 */
export function orderStatistics(
  models: readonly Tensors[],
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
 * The median of each parameter (Yin et al., 2018, arXiv:1803.01498), without weights. Of an even number of values it is
 * the mean of the middle two. All replies must contain the same arrays.
 */
export function coordinateMedian(): Aggregator {
  return collecting((replies) => ({
    arrays: orderStatistics(replies.map(({ tensors }) => tensors), median),
  }));
}

function median(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The mean of each parameter without its ⌊β·n⌋ smallest and largest values (Yin et al., 2018, arXiv:1803.01498), without
 * weights. All replies must contain the same arrays.
 *
 * @param beta β, from 0 to below 0.5
 * @throws FlwrError "invalid-argument" when beta is out of range
 */
export function trimmedMean(beta = 0.2): Aggregator {
  checkNumber("beta", beta, 0, 0.5 - Number.EPSILON);
  return collecting((replies) => {
    const cut = Math.floor(beta * replies.length);
    const kept = replies.length - 2 * cut;
    const arrays = orderStatistics(replies.map(({ tensors }) => tensors), (sorted) => {
      const middle = sorted.subarray(cut, cut + kept);
      return middle.reduce((sum, value) => sum + value, 0) / kept;
    });
    return { arrays };
  });
}
