import { sameShape } from "../graph/shape.ts";
import type { Node, Value } from "../graph/value.ts";
import type { GraphFacts, Pattern, Tile } from "./tile.ts";

/**
 * Fewest rows of a product whose bias is added by a separate Add: Gemm first copies the bias into all rows, on one
 * thread.
 */
export const MIN_ROWS_OF_BIAS = 512;

interface Factor {
  readonly value: Value;
  readonly transposed: boolean;
}

/** a · b, or (b · a)ᵀ, as one product. */
interface Product {
  readonly left: Factor;
  readonly right: Factor;
}

function factor(value: Value, turned: boolean): Factor {
  return value.primitive === "transpose"
    ? { value: value.inputs[0]!, transposed: !turned }
    : { value, transposed: turned };
}

/** A float32 value as a product of matrices; a transposed product is the product of the transposed factors. */
function asProduct(value: Value, facts: GraphFacts): Product | undefined {
  if (value.dtype !== "float32" || value.shape.length !== 2) return undefined;
  const turned = value.primitive === "transpose";
  const product = turned ? value.inputs[0]! : value;
  if (product.primitive !== "matmul" || (turned && facts.uses(product) > 1)) return undefined;
  const [a, b] = product.inputs as readonly [Value, Value];
  if (a.shape.length !== 2 || b.shape.length !== 2) return undefined;
  return turned
    ? { left: factor(b, true), right: factor(a, true) }
    : { left: factor(a, false), right: factor(b, false) };
}

/** A float32 constant of one element. */
function scalar(value: Value | undefined): number | undefined {
  return value?.primitive === "constant" && value.attributes.tensor.data.length === 1
    ? Number(value.attributes.tensor.data[0])
    : undefined;
}

/** An addend as β · C, which Gemm stretches to [m, n]. */
function addend(value: Value, [m, n]: readonly number[]): { c: Value; beta: number } | undefined {
  if (value.primitive === "mul" && value.inputs[0]!.shape.length === 2) {
    const beta = scalar(value.inputs[1]);
    if (beta !== undefined) return { c: value.inputs[0]!, beta };
  }
  const [rows, columns] = [value.shape.at(-2) ?? 1, value.shape.at(-1) ?? 1];
  // Gemm first copies the addend into the result, on one thread. With many rows a separate Add is faster.
  if (rows === 1 && m! >= MIN_ROWS_OF_BIAS) return undefined;
  const stretches = (rows === 1 || rows === m) && (columns === 1 || columns === n);
  return value.shape.length <= 2 && stretches ? { c: value, beta: 1 } : undefined;
}

function gemm({ left, right }: Product, added?: { c: Value; beta: number }): Tile {
  return {
    inputs: [left.value, right.value, ...(added === undefined ? [] : [added.c])],
    emit: (builder, names) =>
      builder.node("Gemm", names, {
        ...(left.transposed && { transA: { int: 1 } }),
        ...(right.transposed && { transB: { int: 1 } }),
        ...(added !== undefined && added.beta !== 1 && { beta: { float: added.beta } }),
      }),
  };
}

function productPlus(value: Node<"add">, facts: GraphFacts): Tile | undefined {
  for (const [first, second] of [[0, 1], [1, 0]] as const) {
    const inner = value.inputs[first]!;
    const product = asProduct(inner, facts);
    const alone = facts.uses(inner) === 1 && sameShape(inner.shape, value.shape);
    if (product === undefined || !alone) continue;
    const added = addend(value.inputs[second]!, value.shape);
    if (added !== undefined) return gemm(product, added);
  }
  return undefined;
}

/**
 * Lowers matrix products with a transposed factor or an addend to one Gemm: layers with their bias, and momentum (β ·
 * velocity + gradient) with the product that yields the gradient.
 */
export const gemmPattern: Pattern = (value, facts) => {
  if (value.primitive === "add") return productPlus(value, facts);
  const product = asProduct(value, facts);
  const turns = value.primitive === "transpose" || product?.left.transposed ||
    product?.right.transposed;
  return product !== undefined && turns ? gemm(product) : undefined;
};
