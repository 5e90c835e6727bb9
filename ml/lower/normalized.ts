import { elementCount } from "../../tensor/tensor.ts";
import type { Node, Value } from "../graph/value.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";

type Normalizing = Node<"normalize">["attributes"];

/** Names of the two factors of normalised values. */
export interface Centred {
  /** The distances from the mean. */
  readonly centred: string;
  /** The inverse standard deviation. */
  readonly inverse: string;
}

/**
 * ONNX's LayerNormalization for the last axes: names of the normalised values and the inverse deviation; undefined for
 * other axes.
 */
function overLast(
  builder: GraphBuilder,
  shape: readonly number[],
  x: string,
  { axes, epsilon }: Normalizing,
): string[] | undefined {
  const first = shape.length - axes.length;
  if (!axes.every((axis, i) => axis === first + i)) return undefined;
  const ones = builder.floats(1, shape.slice(first));
  const [values, , inverse] = builder.nodes("LayerNormalization", [x, ones], 3, {
    axis: { int: first },
    epsilon: { float: epsilon },
  });
  return [values!, inverse!];
}

/** Mean and variance over any axes. Later calls with the same input share the nodes of the first. */
export function centre(
  builder: GraphBuilder,
  { shape }: Value,
  x: string,
  { axes, epsilon }: Normalizing,
): Centred {
  // The same nodes as the lowering of reduceMean emits, so that a layer that also needs the mean shares them.
  const count = elementCount(axes.map((axis) => shape[axis]!));
  const mean = (of: string) => {
    const sum = builder.node("ReduceSum", [of, builder.ints(axes)], { keepdims: { int: 1 } });
    return builder.node("Div", [sum, builder.floats(count)]);
  };
  const centred = builder.node("Sub", [x, mean(x)]);
  const variance = mean(builder.node("Mul", [centred, centred]));
  const deviation = builder.node("Sqrt", [
    builder.node("Add", [variance, builder.floats(epsilon)]),
  ]);
  return { centred, inverse: builder.node("Reciprocal", [deviation]) };
}

/** The nodes of `normalize`. */
export function normalizedValues(
  builder: GraphBuilder,
  x: Value,
  name: string,
  attributes: Normalizing,
): string {
  const known = overLast(builder, x.shape, name, attributes)?.[0];
  if (known !== undefined) return known;
  const { centred, inverse } = centre(builder, x, name, attributes);
  return builder.node("Mul", [centred, inverse]);
}

/** The nodes of `inverseDeviation`. */
export function inverseOf(
  builder: GraphBuilder,
  x: Value,
  name: string,
  attributes: Normalizing,
): string {
  return overLast(builder, x.shape, name, attributes)?.[1] ??
    centre(builder, x, name, attributes).inverse;
}
