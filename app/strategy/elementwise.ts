import { type Tensor, zeros } from "../../tensor/tensor.ts";
import { averagedDType } from "./weighted_average.ts";

/**
 * A tensor whose every element is computed from its place in others, in double precision; the result has the type of
 * their average.
 *
 * @param like gives shape and type
 * @param compute the element at an index
 */
export function elementwise(like: Tensor, compute: (index: number) => number): Tensor {
  const result = zeros(averagedDType(like.dtype, like.shape.length), like.shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = compute(i);
  return result;
}

/** Computes each of a model's tensors by name. */
export function mapModel(
  model: ReadonlyMap<string, Tensor>,
  compute: (name: string, tensor: Tensor) => Tensor,
): Map<string, Tensor> {
  return new Map([...model].map(([name, tensor]) => [name, compute(name, tensor)] as const));
}
