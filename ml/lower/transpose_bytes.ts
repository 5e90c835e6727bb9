import { itemSize } from "../../tensor/dtype.ts";
import { cast } from "../graph/elementwise.ts";
import { reshape, transpose } from "../graph/movement.ts";
import { rewrite } from "../graph/traverse.ts";
import { node, type Value } from "../graph/value.ts";
import { permutedVector } from "./sink_transposes.ts";

/** transpose(x, order) with the transpose moved down to smaller elements; undefined if there are none. */
function hoisted(x: Value, order: readonly number[]): Value | undefined {
  const [first, second] = x.inputs;
  switch (x.primitive) {
    case "cast":
      return itemSize(first!.dtype) < itemSize(x.dtype)
        ? cast(shapedFirst(first!, order), x.dtype)
        : undefined;
    case "sub":
    case "mul":
    case "div":
    case "add": {
      // The operand is added to transpose(x, order), so it is permuted in the opposite direction.
      const back: number[] = [];
      order.forEach((axis, i) => back[axis] = i);
      const other = permutedVector(second!, back);
      const moved = hoisted(first!, order);
      if (other === undefined || moved === undefined) return undefined;
      return node(x.primitive, {}, [moved, other], moved.shape, x.dtype);
    }
    default:
      return undefined;
  }
}

/** transpose(x, order); rows that were reshaped behind the batch axis are transposed as the matrix that they were. */
function shapedFirst(x: Value, order: readonly number[]): Value {
  const last = order.length - 1;
  const batchToBack = order.every((axis, i) => axis === (i === last ? 0 : i + 1));
  const [rows] = x.inputs;
  if (x.primitive === "reshape" && batchToBack && rows!.shape.length === 2) {
    if (rows!.shape[0] === x.shape[0]) {
      return reshape(transpose(rows!), [...x.shape.slice(1), x.shape[0]!]);
    }
  }
  return transpose(x, order);
}

/** Moves a transpose of normalised pixels before the conversion from bytes, where it moves a quarter of the data. */
export function transposeBytes(outputs: readonly Value[]): Value[] {
  return rewrite(
    outputs,
    (value) =>
      value.primitive === "transpose"
        ? hoisted(value.inputs[0]!, value.attributes.permutation)
        : undefined,
  );
}
