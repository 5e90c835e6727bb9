import { arrayConstructor } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Clips a node's model as Flower 1.42 does with NumPy, for federations that need the same numbers. It differs from
 * exact clipping: the norm of a float16 array is computed in float16, where it may overflow. Arrays of rank 0 count for
 * the norm but are not scaled, so the clipped update may exceed the limit.
 *
 * @param sent the global model
 * @param trained the node's model, with the same names and shapes
 * @returns the clipped model in the node's types, and whether it was scaled
 */
export function clipAsFlower(
  sent: ReadonlyMap<string, Tensor>,
  trained: ReadonlyMap<string, Tensor>,
  limit: number,
): { readonly model: Map<string, Tensor>; readonly clipped: boolean } {
  const updates = new Map([...trained].map(([name, own]) => {
    const { data } = sent.get(name)!;
    const update = new (arrayConstructor(own.dtype.startsWith("float") ? own.dtype : "float64"))(
      data.length,
    );
    for (let i = 0; i < update.length; i++) update[i] = Number(own.data[i]!) - Number(data[i]!);
    return [name, update] as const;
  }));
  let squares = 0;
  for (const update of updates.values()) {
    let sum = 0;
    for (const value of update) sum += Number(value) ** 2;
    squares += update instanceof Float16Array
      ? Math.f16round(Math.sqrt(Math.f16round(sum))) ** 2
      : sum;
  }
  const norm = Math.sqrt(squares);
  const factor = norm <= limit ? 1 : limit / norm;
  const model = new Map([...trained].map(([name, own]) => {
    if (own.shape.length === 0) return [name, own] as const;
    const { data } = sent.get(name)!;
    const update = updates.get(name)!;
    const result = new (arrayConstructor(own.dtype))(data.length);
    for (let i = 0; i < result.length; i++) {
      result[i] = Number(data[i]!) + Number(update[i]!) * factor;
    }
    return [name, { ...own, data: result }] as const;
  }));
  return { model, clipped: factor < 1 };
}
