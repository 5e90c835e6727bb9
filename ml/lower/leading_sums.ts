import { elementCount } from "../../tensor/tensor.ts";
import type { Pattern } from "./tile.ts";

/** Fewest rows whose sum is computed as a product with ones. */
export const MIN_SUMMED_ROWS = 256;

/**
 * Computes sums over the first axes, such as gradients of biases and scales, as the product of a row of ones with the
 * rows: twice as fast as ReduceSum on one thread, and divided among threads.
 */
export const leadingSumsPattern: Pattern = (value) => {
  if (value.primitive !== "reduceSum" || value.dtype !== "float32") return undefined;
  const [x] = value.inputs;
  const { axes } = value.attributes;
  const rest = x!.shape.slice(axes.length);
  if (rest.length === 0 || axes.some((axis) => axis >= axes.length)) return undefined;
  const rows = elementCount(x!.shape.slice(0, axes.length));
  if (rows < MIN_SUMMED_ROWS || elementCount(rest) < 2) return undefined;
  return {
    inputs: [x!],
    emit: (builder, [name]) => {
      const matrix = builder.node("Reshape", [name!, builder.ints([rows, elementCount(rest)])]);
      const sum = builder.node("MatMul", [builder.floats(1, [1, rows]), matrix]);
      return builder.node("Reshape", [sum, builder.ints(value.shape)]);
    },
  };
};
