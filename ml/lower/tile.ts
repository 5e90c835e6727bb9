import type { GraphBuilder } from "../onnx/graph_builder.ts";
import type { Node, Primitive, Value } from "../graph/value.ts";

/** What a pattern may know about the graph around a value. */
export interface GraphFacts {
  /** How often a value is used as an input or output. */
  uses(value: Value): number;
  /** The values that have this one as an input. */
  users(value: Value): readonly Value[];
}

/**
 * A part of the graph that becomes ONNX nodes at once. What lies between the inputs and the value is not computed
 * on its own account unless something else wants it.
 */
export interface Tile {
  readonly inputs: readonly Value[];
  /** Makes the nodes and returns the name of the value. `names` are those of the inputs. */
  emit(builder: GraphBuilder, names: readonly string[]): string;
}

/** An optimising pass of the lowering: a tile for the values it has a better form for. */
export type Pattern = (value: Value, facts: GraphFacts) => Tile | undefined;

/** The plain way to lower a primitive: ONNX nodes out of the names of its inputs. */
export type PlainLowering<P extends Primitive> = (
  builder: GraphBuilder,
  value: Node<P>,
  names: readonly string[],
) => string;

/** A plain lowering for each of the primitives that are computed. */
export type PlainLowerings = {
  readonly [P in Exclude<Primitive, "input">]: PlainLowering<P>;
};
