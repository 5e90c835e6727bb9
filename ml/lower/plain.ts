import type { Node, Primitive, Value } from "../graph/value.ts";
import { plainArrays } from "./plain_arrays.ts";
import { plainConvolution } from "./plain_convolution.ts";
import type { PlainLowering, PlainLowerings, Tile } from "./tile.ts";

const PLAIN: PlainLowerings = { ...plainArrays, ...plainConvolution };

function tileOf<P extends Exclude<Primitive, "input">>(value: Node<P>): Tile {
  const lowering: PlainLowering<P> = PLAIN[value.primitive];
  return { inputs: value.inputs, emit: (builder, names) => lowering(builder, value, names) };
}

/** The tile of one value alone, which is always right. */
export function plainTile(value: Exclude<Value, Node<"input">>): Tile {
  return tileOf(value);
}
