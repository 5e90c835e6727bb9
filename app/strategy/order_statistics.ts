import type { Tensor } from "../../tensor/tensor.ts";
import { elementwise, mapModel } from "./elementwise.ts";

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
