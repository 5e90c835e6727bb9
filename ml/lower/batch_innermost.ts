import { matmul } from "../graph/linear.ts";
import { transpose } from "../graph/movement.ts";
import { rewrite } from "../graph/traverse.ts";
import type { Node, Value } from "../graph/value.ts";

/**
 * Smallest and largest batch for which dense layers make the batch the innermost axis. Smaller batches do not fill a
 * vector; with larger ones the weight is no longer the larger factor.
 */
export const INNERMOST_BATCHES = [16, 256] as const;

/** Whether a value is the transpose of a parameter. */
function isTurnedParameter(value: Value): value is Node<"transpose"> {
  return value.primitive === "transpose" && value.inputs[0]!.primitive === "input";
}

/**
 * Computes dense layers with the batch as the innermost axis where the batch is smaller than the weight: x Wᵀ becomes
 * (W xᵀ)ᵀ. The weight, the larger factor, is then read in its own order. Between consecutive layers, sinkTransposes
 * lets the transposes cancel.
 */
export function batchInnermost(outputs: readonly Value[]): Value[] {
  const [fewest, most] = INNERMOST_BATCHES;
  return rewrite(outputs, (value) => {
    if (value.primitive !== "matmul" || value.shape.length !== 2) return undefined;
    const [x, turned] = value.inputs;
    if (!isTurnedParameter(turned!)) return undefined;
    const [batch, width] = x!.shape as [number, number];
    const fits = batch >= fewest && batch <= most && batch < width;
    return fits ? transpose(matmul(turned.inputs[0]!, transpose(x!))) : undefined;
  });
}
