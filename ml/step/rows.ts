import { elementCount } from "../../tensor/tensor.ts";
import { mul } from "../graph/elementwise.ts";
import { broadcastTo, reshape, transpose } from "../graph/movement.ts";
import type { RowLayout } from "../graph/rows.ts";
import type { Value } from "../graph/value.ts";

/**
 * A value with the examples as first axis: [batch, before, outer, inner, after], where before and after are the products of
 * the lengths before and after the axis of the rows.
 */
export function byExample(x: Value, { axis, outer, inner }: RowLayout, batch: number): Value {
  const before = elementCount(x.shape.slice(0, axis));
  const after = elementCount(x.shape.slice(axis + 1));
  if (before * outer === 1) return reshape(x, [batch, 1, 1, inner, after]);
  if (inner * after === 1) {
    // ONNX Runtime transposes matrices several times as fast as arrays of more axes.
    const turned = transpose(reshape(x, [before * outer, batch]));
    return reshape(turned, [batch, before, outer, 1, 1]);
  }
  return transpose(reshape(x, [before, outer, batch, inner, after]), [2, 0, 1, 3, 4]);
}

/** A value whose rows are multiplied by the numbers of their examples, [batch]. */
export function scaleExamples(x: Value, layout: RowLayout, factors: Value): Value {
  const { axis, outer, inner } = layout;
  const batch = factors.shape[0]!;
  const spread = outer * inner === 1
    ? factors
    : broadcastTo(reshape(factors, [1, batch, 1]), [outer, batch, inner]);
  const column = x.shape.map((length, other) => other === axis ? length : 1);
  return mul(x, reshape(spread, column));
}
