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

/** Doubles by name and place: what a strategy remembers of a model from round to round. Zero at first. */
export class Moments {
  readonly #values = new Map<string, Float64Array>();

  /** The doubles of a tensor, to read and to change. */
  of(name: string, { data }: Tensor): Float64Array {
    const values = this.#values.get(name) ?? new Float64Array(data.length);
    this.#values.set(name, values);
    return values;
  }
}
