import { add, relu } from "../graph/elementwise.ts";
import { maxPool } from "../graph/convolution.ts";
import { rewriteToFixpoint } from "../graph/traverse.ts";
import type { Value } from "../graph/value.ts";

/** Whether an operand of x [b, c, h, w] is constant over each plane. */
function isConstantOverPlanes(x: Value, { shape }: Value): boolean {
  return shape.length <= x.shape.length && shape.slice(-2).every((length) => length === 1);
}

/**
 * Rewrites maxPool(relu(x)) to relu(maxPool(x)), and maxPool(x + b) to maxPool(x) + b for b that is constant over each
 * plane: a maximum commutes with monotone functions. The operation then works on the smaller array.
 */
export function poolBeforeMonotone(outputs: readonly Value[]): Value[] {
  return rewriteToFixpoint(outputs, (value, uses) => {
    const [inner] = value.inputs;
    if (value.primitive !== "maxPool" || uses(inner!) > 1) return undefined;
    const { kernel, stride, padding } = value.attributes.geometry;
    const pool = (x: Value) => maxPool(x, kernel, { stride, padding });
    if (inner!.primitive === "relu") return relu(pool(inner!.inputs[0]!));
    if (inner!.primitive !== "add") return undefined;
    const [a, b] = inner!.inputs as readonly [Value, Value];
    if (a.shape.length === 4 && isConstantOverPlanes(a, b)) return add(pool(a), b);
    if (b.shape.length === 4 && isConstantOverPlanes(b, a)) return add(a, pool(b));
    return undefined;
  });
}
