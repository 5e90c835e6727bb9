import type { Pattern } from "./tile.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { hasGaps } from "../graph/index_table.ts";
import { gatherRows, sumTaps } from "./gather_rows.ts";

/**
 * Supplies the row of zeros that a table with gaps gathers. If the source is a matrix product, its first factor gets a
 * row of zeros, which copies far less than appending a row to the product.
 */
export const zeroRowPattern: Pattern = (value, facts) => {
  if (value.primitive !== "gatherSum" || !hasGaps(value.attributes.table)) return undefined;
  const [source] = value.inputs;
  const product = source!.primitive === "reshape" ? source!.inputs[0]! : source!;
  const width = elementCount(source!.shape.slice(1));
  // The extra row of the product must be one or several rows of the source.
  const isProduct = product.primitive === "matmul" && product.shape.length === 2 &&
    product.dtype === "float32" && product.shape[1]! % width === 0 &&
    facts.uses(product) === 1 && facts.uses(source!) === 1;
  if (!isProduct) return undefined;
  const [a, b] = product.inputs;
  const transposed = a!.primitive === "transpose";
  const [rows, inner] = a!.shape;
  const zeros = transposed ? [inner!, 1] : [1, inner!];
  return {
    inputs: [transposed ? a!.inputs[0]! : a!, b!],
    emit: (builder, [left, right]) => {
      const extended = builder.node("Concat", [left!, builder.floats(0, zeros)], {
        axis: { int: transposed ? 1 : 0 },
      });
      const larger = builder.node("Gemm", [extended, right!], {
        ...(transposed && { transA: { int: 1 } }),
      });
      const padded = builder.node("Reshape", [
        larger,
        builder.ints([-1, ...source!.shape.slice(1)]),
      ]);
      const { table } = value.attributes;
      const zeroRow = rows! * product.shape[1]! / width;
      return sumTaps(builder, value, gatherRows(builder, table, padded, zeroRow, false));
    },
  };
};
