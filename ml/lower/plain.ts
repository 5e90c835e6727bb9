import { elementType } from "../onnx/element_type.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Node, Primitive, Value } from "../graph/value.ts";
import { type Computing, computing } from "./kernels.ts";
import { plainArrays } from "./plain_arrays.ts";
import { plainConvolution } from "./plain_convolution.ts";
import type { PlainLowering, PlainLowerings, Tile } from "./tile.ts";

const PLAIN: PlainLowerings = { ...plainArrays, ...plainConvolution };

function tileOf<P extends Exclude<Primitive, "input">>(value: Node<P>): Tile {
  const lowering: PlainLowering<P> = PLAIN[value.primitive];
  return { inputs: value.inputs, emit: (builder, names) => lowering(builder, value, names) };
}

function castTo(builder: GraphBuilder, name: string, dtype: DType): string {
  return builder.node("Cast", [name], { to: { int: elementType(dtype) } });
}

/** The tile of a value that is computed in a wider type because its own type has no kernel. */
function widened(
  value: Exclude<Value, Node<"input">>,
  type: DType,
  { operands, typedResult }: Computing,
): Tile {
  const inputs = value.inputs.map((input, i) =>
    operands.includes(i) ? { ...input, dtype: type } : input
  );
  const wide = { ...value, inputs, dtype: typedResult ? type : value.dtype } as typeof value;
  const { emit } = tileOf(wide);
  return {
    inputs: value.inputs,
    emit: (builder, names) => {
      const cast = names.map((name, i) =>
        operands.includes(i) ? castTo(builder, name, type) : name
      );
      const result = emit(builder, cast);
      return typedResult ? castTo(builder, result, value.dtype) : result;
    },
  };
}

/** The tile of a single value, which is always correct. */
export function plainTile(value: Exclude<Value, Node<"input">>): Tile {
  const how = computing(value);
  const { type, own } = how ?? {};
  return type === undefined || type === own ? tileOf(value) : widened(value, type, how!);
}
