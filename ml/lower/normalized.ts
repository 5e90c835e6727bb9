import { elementCount } from "../../tensor/tensor.ts";
import type { Node, Value } from "../graph/value.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";

/** Names of the normalised values and of what they were multiplied with. */
export interface Normalized {
  readonly values: string;
  readonly inverse: string;
}

/**
 * The nodes behind both `normalize` and `inverseDeviation`: whichever is asked for second finds the nodes of the first.
 * ONNX has one operator for the last axes; over others, mean and variance are taken apart.
 */
export function normalized(
  builder: GraphBuilder,
  { shape }: Value,
  x: string,
  { axes, epsilon }: Node<"normalize">["attributes"],
): Normalized {
  const first = shape.length - axes.length;
  if (axes.every((axis, i) => axis === first + i)) {
    const ones = builder.floats(1, shape.slice(first));
    const [values, , inverse] = builder.nodes("LayerNormalization", [x, ones], 3, {
      axis: { int: first },
      epsilon: { float: epsilon },
    });
    return { values: values!, inverse: inverse! };
  }
  // As reduceMean is lowered, so that a layer that wants the mean too finds it.
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
  const inverse = builder.node("Reciprocal", [deviation]);
  return { values: builder.node("Mul", [centred, inverse]), inverse };
}
