import { zerosInNpy } from "../../../tensor/npy.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { averagedDType } from "./weighted_average.ts";

/**
 * A tensor with elements computed by index, in double precision; the result has the type of an average.
 *
 * @param like determines shape and type
 * @param compute computes the element at an index
 */
export function elementwise(like: Tensor, compute: (index: number) => number): Tensor {
  const result = zerosInNpy(averagedDType(like.dtype, like.shape.length), like.shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = compute(i);
  return result;
}

/** Computes each tensor of a model, by name. */
export function mapModel(
  model: ReadonlyMap<string, Tensor>,
  compute: (name: string, tensor: Tensor) => Tensor,
): Map<string, Tensor> {
  return new Map([...model].map(([name, tensor]) => [name, compute(name, tensor)] as const));
}
