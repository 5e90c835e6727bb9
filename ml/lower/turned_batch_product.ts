import type { GraphBuilder } from "../onnx/graph_builder.ts";
import type { Node } from "../graph/value.ts";
import type { Pattern } from "./tile.ts";

/** Whether a transpose swaps the last two axes and nothing else. */
function swapsLast({ attributes: { permutation } }: Node<"transpose">): boolean {
  const last = permutation.length - 1;
  return permutation.every((axis, i) =>
    axis === (i === last ? last - 1 : i === last - 1 ? last : i)
  );
}

function swapLastAxes(builder: GraphBuilder, name: string, rank: number): string {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const ints = [...axes.slice(0, -2), rank - 1, rank - 2];
  return builder.node("Transpose", [name], { perm: { ints } });
}

/**
 * Rewrites transposed products of many matrices, such as the gradient of an attention's keys, to products of the
 * transposed factors in the other order: ONNX Runtime fuses transposed factors into MatMul, but not a transposed
 * result.
 */
export const turnedBatchProductPattern: Pattern = (value, facts) => {
  if (value.primitive !== "transpose" || value.shape.length < 3 || !swapsLast(value)) {
    return undefined;
  }
  const [product] = value.inputs;
  if (product!.primitive !== "matmul" || facts.uses(product!) > 1) return undefined;
  const factors = product!.inputs.map((input) =>
    input.primitive === "transpose" && swapsLast(input)
      ? { value: input.inputs[0]!, turned: false }
      : { value: input, turned: true }
  ).reverse();
  return {
    inputs: factors.map(({ value }) => value),
    emit: (builder, names) =>
      builder.node(
        "MatMul",
        factors.map(({ value: { shape }, turned }, i) =>
          turned ? swapLastAxes(builder, names[i]!, shape.length) : names[i]!
        ),
      ),
  };
};
