import { sameShape } from "../graph/shape.ts";
import type { Node, Value } from "../graph/value.ts";
import type { GraphFacts, Pattern, Tile } from "./tile.ts";

interface Factor {
  readonly value: Value;
  readonly transposed: boolean;
}

function factor(value: Value): Factor {
  return value.primitive === "transpose"
    ? { value: value.inputs[0]!, transposed: true }
    : { value, transposed: false };
}

function asProduct(value: Value | undefined): Node<"matmul"> | undefined {
  return value?.primitive === "matmul" && value.inputs.every(({ shape }) => shape.length === 2)
    ? value
    : undefined;
}

/** A float32 constant of one element. */
function scalar(value: Value | undefined): number | undefined {
  return value?.primitive === "constant" && value.attributes.tensor.data.length === 1
    ? Number(value.attributes.tensor.data[0])
    : undefined;
}

/** An addend as β · C, C being stretched by Gemm to [m, n]. */
function addend(value: Value, [m, n]: readonly number[]): { c: Value; beta: number } | undefined {
  if (value.primitive === "mul" && value.inputs[0]!.shape.length === 2) {
    const beta = scalar(value.inputs[1]);
    if (beta !== undefined) return { c: value.inputs[0]!, beta };
  }
  const [rows, columns] = [value.shape.at(-2) ?? 1, value.shape.at(-1) ?? 1];
  const stretches = (rows === 1 || rows === m) && (columns === 1 || columns === n);
  return value.shape.length <= 2 && stretches ? { c: value, beta: 1 } : undefined;
}

function gemm(product: Node<"matmul">, added?: { c: Value; beta: number }): Tile {
  const [a, b] = product.inputs.map(factor) as [Factor, Factor];
  return {
    inputs: [a.value, b.value, ...(added === undefined ? [] : [added.c])],
    emit: (builder, names) =>
      builder.node("Gemm", names, {
        ...(a.transposed && { transA: { int: 1 } }),
        ...(b.transposed && { transB: { int: 1 } }),
        ...(added !== undefined && added.beta !== 1 && { beta: { float: added.beta } }),
      }),
  };
}

function productPlus(value: Node<"add">, facts: GraphFacts): Tile | undefined {
  for (const [product, other] of [[0, 1], [1, 0]] as const) {
    const matrix = asProduct(value.inputs[product]);
    if (matrix === undefined || facts.uses(matrix) > 1) continue;
    if (!sameShape(matrix.shape, value.shape)) continue;
    const added = addend(value.inputs[other]!, value.shape);
    if (added !== undefined) return gemm(matrix, added);
  }
  return undefined;
}

/**
 * Matrix products with a transposed factor or something added to them are one Gemm: layers with their bias, and
 * momentum (β · velocity + gradient) with the product that makes the gradient.
 */
export const gemmPattern: Pattern = (value, facts) => {
  if (value.primitive === "add" && value.dtype === "float32") return productPlus(value, facts);
  const product = asProduct(value);
  const turned = product?.inputs.some((x) => x.primitive === "transpose") ?? false;
  return product !== undefined && turned && product.dtype === "float32" ? gemm(product) : undefined;
};
