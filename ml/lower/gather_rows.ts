import { tensor } from "../../tensor/tensor.ts";
import type { IndexTable } from "../graph/index_table.ts";
import type { Node } from "../graph/value.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";

/**
 * Gathers the rows [taps · rows, …] that a table lists.
 *
 * @param zeroRow the index of a row of zeros in the source, used for gaps
 * @param single whether a row is a single number: GatherElements copies those eight times faster than Gather
 */
export function gatherRows(
  builder: GraphBuilder,
  { entries }: IndexTable,
  source: string,
  zeroRow: number,
  single: boolean,
): string {
  const filled = entries.map((entry) => entry < 0 ? zeroRow : entry);
  const indices = builder.constant(tensor("int32", [filled.length], filled));
  return builder.node(single ? "GatherElements" : "Gather", [source, indices], {
    axis: { int: 0 },
  });
}

/** Sums gathered rows over the taps. For this shape, a product with ones is six times faster than ReduceSum. */
export function sumTaps(
  builder: GraphBuilder,
  { attributes: { table }, shape }: Node<"gatherSum">,
  rows: string,
): string {
  if (table.taps === 1) return rows;
  const flat = builder.node("Reshape", [rows, builder.ints([table.taps, -1])]);
  const sum = builder.node("MatMul", [builder.floats(1, [1, table.taps]), flat]);
  return builder.node("Reshape", [sum, builder.ints(shape)]);
}
