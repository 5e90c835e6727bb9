import { matmul } from "../graph/linear.ts";
import { transpose } from "../graph/movement.ts";
import { rewrite } from "../graph/traverse.ts";
import type { Node, Value } from "../graph/value.ts";

/**
 * Fewest and most examples in a batch for which dense layers have it as the innermost axis (batch_innermost.ts): fewer
 * fill no vector, and with more the weights are no longer the larger factor.
 */
export const INNERMOST_BATCHES = [16, 256] as const;

/** Whether a value is the transpose of a parameter. */
function isTurnedParameter(value: Value): value is Node<"transpose"> {
  return value.primitive === "transpose" && value.inputs[0]!.primitive === "input";
}

/**
 * A dense layer of a batch that is smaller than its weight works with the batch as the innermost axis: x Wᵀ becomes
 * (W xᵀ)ᵀ. The weight, the larger factor, is then read as it lies. sinkTransposes lets the transposes of layers behind
 * one another cancel.
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
