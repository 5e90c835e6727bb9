import { elementCount } from "../../tensor/tensor.ts";
import { mul } from "../graph/elementwise.ts";
import { gatherSum } from "../graph/indexing.ts";
import { matmul } from "../graph/linear.ts";
import { reshape, transpose } from "../graph/movement.ts";
import { rewrite } from "../graph/traverse.ts";
import type { Value } from "../graph/value.ts";

/** A value as a scalar constant times another value, also behind operations that only move elements. */
interface Scaled {
  readonly value: Value;
  readonly scale: Value;
}

function scaled(x: Value): Scaled | undefined {
  const [first, second] = x.inputs;
  if (x.primitive === "mul") {
    const isScalar = second!.primitive === "constant" && second!.shape.length === 0;
    return isScalar ? { value: first!, scale: second! } : undefined;
  }
  if (x.primitive !== "reshape" && x.primitive !== "transpose" && x.primitive !== "gatherSum") {
    return undefined;
  }
  const inner = scaled(first!);
  if (inner === undefined) return undefined;
  const { value, scale } = inner;
  if (x.primitive === "reshape") return { value: reshape(value, x.shape), scale };
  if (x.primitive === "transpose") {
    return { value: transpose(value, x.attributes.permutation), scale };
  }
  return { value: gatherSum(value, x.attributes.table), scale };
}

/**
 * Rewrites A · (s B) to (s A) · B where A is the smaller factor. The scale of normalised pixels moves into the kernels
 * that they meet, which saves one pass over the images.
 */
export function foldScale(outputs: readonly Value[]): Value[] {
  return rewrite(outputs, (value) => {
    if (value.primitive !== "matmul") return undefined;
    const [a, b] = value.inputs as readonly [Value, Value];
    const aIsSmaller = elementCount(a.shape) < elementCount(b.shape);
    const found = scaled(aIsSmaller ? b : a);
    if (found === undefined) return undefined;
    return aIsSmaller
      ? matmul(mul(a, found.scale), found.value)
      : matmul(found.value, mul(b, found.scale));
  });
}
