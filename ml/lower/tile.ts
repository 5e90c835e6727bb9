import type { GraphBuilder } from "../onnx/graph_builder.ts";
import type { Node, Primitive, Value } from "../graph/value.ts";

/** What a pattern can ask about the graph around a value. */
export interface GraphFacts {
  /** How often a value is used as an input or output. */
  uses(value: Value): number;
  /** The values that have this one as an input. */
  users(value: Value): readonly Value[];
}

/**
 * A part of the graph that becomes ONNX nodes at once. Values between its inputs and its result are not computed unless
 * another tile needs them.
 */
export interface Tile {
  readonly inputs: readonly Value[];
  /** Adds the nodes and returns the name of the value. `names` are the names of the inputs. */
  emit(builder: GraphBuilder, names: readonly string[]): string;
}

/** An optimising pass of the lowering: returns a tile for values that have a better form than the plain one. */
export type Pattern = (value: Value, facts: GraphFacts) => Tile | undefined;

/** The plain lowering of one primitive: adds ONNX nodes, given the names of its inputs. */
export type PlainLowering<P extends Primitive> = (
  builder: GraphBuilder,
  value: Node<P>,
  names: readonly string[],
) => string;

/** A plain lowering for each primitive that is computed. */
export type PlainLowerings = {
  readonly [P in Exclude<Primitive, "input">]: PlainLowering<P>;
};
