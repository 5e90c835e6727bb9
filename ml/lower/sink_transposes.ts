import { UNARY_PRIMITIVES } from "../graph/elementwise.ts";
import { sameShape } from "../graph/shape.ts";
import { matmul } from "../graph/linear.ts";
import { reshape, transpose } from "../graph/movement.ts";
import { rewriteToFixpoint } from "../graph/traverse.ts";
import { type Node, node, type Value } from "../graph/value.ts";

/** Elementwise primitives of one operand. */
export const UNARY: ReadonlySet<string> = new Set([...UNARY_PRIMITIVES, "cast"]);

/** Elementwise primitives of two operands. */
export const BINARY: ReadonlySet<string> = new Set([
  "add",
  "sub",
  "mul",
  "div",
  "maximum",
  "less",
  "equal",
]);

function asTranspose(value: Value | undefined): Node<"transpose"> | undefined {
  return value?.primitive === "transpose" ? value : undefined;
}

function samePermutation(a: Node<"transpose">, b: Node<"transpose">): boolean {
  return sameShape(a.attributes.permutation, b.attributes.permutation);
}

/** The same elementwise primitive on other operands of the given shape. */
export function applied(value: Value, inputs: readonly Value[], shape: readonly number[]): Value {
  return node(value.primitive, value.attributes, inputs, shape, value.dtype);
}

/**
 * An operand of transpose(x, permutation), reshaped to be an operand of x itself. Undefined if a reshape is not enough:
 * more than one of its axes is longer than 1.
 */
export function permutedVector(
  operand: Value,
  permutation: readonly number[],
): Value | undefined {
  if (operand.shape.filter((length) => length !== 1).length > 1) return undefined;
  if (operand.shape.length > permutation.length) return undefined;
  if (operand.shape.length === 0) return operand;
  const lead = permutation.length - operand.shape.length;
  const shape: number[] = [];
  permutation.forEach((axis, i) => shape[axis] = i < lead ? 1 : operand.shape[i - lead]!);
  return reshape(operand, shape);
}

/** Merges transpose(transpose(x, p), q) into one transpose. */
function mergeTransposes(value: Value): Value | undefined {
  const outer = asTranspose(value);
  const inner = asTranspose(outer?.inputs[0]);
  if (outer === undefined || inner === undefined) return undefined;
  const order = outer.attributes.permutation.map((axis) => inner.attributes.permutation[axis]!);
  return transpose(inner.inputs[0]!, order);
}

function sinkBelowElementwise(value: Value): Value | undefined {
  const [a, b] = value.inputs;
  const [left, right] = [asTranspose(a), asTranspose(b)];
  if (UNARY.has(value.primitive) && left !== undefined) {
    const [x] = left.inputs;
    return transpose(applied(value, [x!], x!.shape), left.attributes.permutation);
  }
  if (!BINARY.has(value.primitive)) return undefined;
  if (left !== undefined && right !== undefined && samePermutation(left, right)) {
    const [x, y] = [left.inputs[0]!, right.inputs[0]!];
    if (!sameShape(x.shape, y.shape)) return undefined;
    return transpose(applied(value, [x, y], x.shape), left.attributes.permutation);
  }
  const moved = left ?? right;
  if (moved === undefined || !sameShape(moved.shape, value.shape)) return undefined;
  const [x] = moved.inputs;
  const { permutation } = moved.attributes;
  const other = permutedVector(moved === left ? b! : a!, permutation);
  if (other === undefined) return undefined;
  const operands = moved === left ? [x!, other] : [other, x!];
  return transpose(applied(value, operands, x!.shape), permutation);
}

/**
 * Where [d…, batch] is transposed to [batch, d…] and reshaped without its batch axis: reshapes before the transpose.
 */
function sinkBelowReshape(value: Value): Value | undefined {
  const moved = value.primitive === "reshape" ? asTranspose(value.inputs[0]) : undefined;
  if (moved === undefined) return undefined;
  const { permutation } = moved.attributes;
  const last = permutation.length - 1;
  const batchToFront = permutation.every((axis, i) => axis === (i === 0 ? last : i - 1));
  if (!batchToFront || value.shape[0] !== moved.shape[0] || value.shape.length < 2) {
    return undefined;
  }
  const rest = value.shape.slice(1);
  const order = [rest.length, ...rest.map((_, axis) => axis)];
  return transpose(reshape(moved.inputs[0]!, [...rest, value.shape[0]!]), order);
}

/** Rewrites Aᵀ · Bᵀ to (B · A)ᵀ. */
function sinkBelowMatmul(value: Value): Value | undefined {
  if (value.primitive !== "matmul" || value.shape.length !== 2) return undefined;
  const [a, b] = value.inputs.map(asTranspose);
  if (a?.shape.length !== 2 || b?.shape.length !== 2) return undefined;
  return transpose(matmul(b.inputs[0]!, a.inputs[0]!));
}

/**
 * Moves transposes from operands to results until they meet and cancel. A network in which some layers have the batch
 * innermost then keeps it there from the first such layer to the last.
 */
export function sinkTransposes(outputs: readonly Value[]): Value[] {
  return rewriteToFixpoint(
    outputs,
    (value) =>
      mergeTransposes(value) ?? sinkBelowElementwise(value) ?? sinkBelowReshape(value) ??
        sinkBelowMatmul(value),
  );
}
