import { applyRule } from "../grad/gradients.ts";
import { gatherSum } from "../graph/indexing.ts";
import { transposeTable } from "../graph/index_table.ts";
import { broadcastTo, pad, reshape, slice, transpose } from "../graph/movement.ts";
import { isElementwise } from "../graph/rows.ts";
import type { Value } from "../graph/value.ts";

/** Exchanges the first two axes. */
function swapFirst(x: Value): Value {
  return transpose(x, x.shape.map((_, axis) => axis < 2 ? 1 - axis : axis));
}

/**
 * The gradients of each example in an input of a value that is the same for all examples.
 *
 * @param each the gradients in the value, [batch, …its shape]
 * @returns [batch, …shape of the input]; undefined if there is no rule for the primitive
 */
export function pullBack(value: Value, index: number, each: Value): Value | undefined {
  const batch = each.shape[0]!;
  const x = value.inputs[index]!;
  switch (value.primitive) {
    case "reshape":
      return reshape(each, [batch, ...x.shape]);
    case "transpose": {
      const { permutation } = value.attributes;
      return transpose(each, [0, ...x.shape.map((_, axis) => permutation.indexOf(axis) + 1)]);
    }
    case "slice": {
      const { start, end } = value.attributes;
      return pad(each, [0, ...start], [0, ...x.shape.map((length, axis) => length - end[axis]!)]);
    }
    case "pad": {
      const { before } = value.attributes;
      const ends = x.shape.map((length, axis) => length + before[axis]!);
      return slice(each, [0, ...before], [batch, ...ends]);
    }
    case "concat": {
      const { axis } = value.attributes;
      const offset = value.inputs.slice(0, index)
        .reduce((sum, { shape }) => sum + shape[axis]!, 0);
      const start = x.shape.map((_, other) => other === axis ? offset : 0);
      const end = x.shape.map((length, other) => other === axis ? offset + length : length);
      return slice(each, [0, ...start], [batch, ...end]);
    }
    case "gatherSum":
      return swapFirst(gatherSum(swapFirst(each), transposeTable(value.attributes.table)));
    default:
      return isElementwise(value) ? elementwise(value, index, each) : undefined;
  }
}

/** With a copy of the operand for each example, the gradient rule keeps the examples apart. */
function elementwise(value: Value, index: number, each: Value): Value | undefined {
  const batch = each.shape[0]!;
  const x = value.inputs[index]!;
  const aligned = [...Array(value.shape.length - x.shape.length).fill(1), ...x.shape];
  const copies = broadcastTo(reshape(x, [1, ...aligned]), [batch, ...aligned]);
  const inputs = value.inputs.map((input, i) => i === index ? copies : input);
  const part = applyRule({ ...value, inputs, shape: each.shape }, each)[index]?.();
  return part && reshape(part, [batch, ...x.shape]);
}
