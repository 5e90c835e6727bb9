import { elementCount } from "../../tensor/tensor.ts";
import type { Node, Value } from "../graph/value.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";

/** Whether an operand of x [b, c, h, w] has one number per channel. */
export function isPerChannel(operand: Value, { shape }: Value): boolean {
  return operand.shape.length >= 3 && operand.shape.at(-3) === shape[1] &&
    elementCount(operand.shape) === shape[1];
}

/** Whether axes of images [b, c, h, w] are all but the channels. */
export function areAllButChannels({ shape }: Value, axes: readonly number[]): boolean {
  return shape.length === 4 && axes.length === 3 && !axes.includes(1);
}

/** Whether a value is images [b, c, h, w] that were normalised per channel. */
export function isNormalizedByChannel(value: Value): value is Node<"normalize"> {
  return value.primitive === "normalize" && value.dtype === "float32" &&
    areAllButChannels(value, value.attributes.axes);
}

/**
 * Multiplies x [b, c, h, w] by one number per channel and adds one per channel. A BatchNormalization with mean 0 and
 * deviation 1 does that in one pass.
 */
export function emitScaleAndShift(
  builder: GraphBuilder,
  channels: number,
  [x, scale, shift]: readonly [string, string, string],
): string {
  const vectors = [scale, shift].map((name) => builder.node("Reshape", [name, builder.ints([-1])]));
  const [zeros, ones] = [builder.floats(0, [channels]), builder.floats(1, [channels])];
  return builder.node("BatchNormalization", [x, ...vectors, zeros, ones], {
    epsilon: { float: 0 },
  });
}
