import { elementCount } from "../../tensor/tensor.ts";
import type { Value } from "../graph/value.ts";
import { convolutionAttributes } from "./plain_convolution.ts";
import type { GraphFacts, Pattern, Tile } from "./tile.ts";

/** Whether an operand of x [b, c, h, w] is one number per channel. */
function isPerChannel(operand: Value, { shape }: Value): boolean {
  return operand.shape.length >= 3 && operand.shape.at(-3) === shape[1] &&
    elementCount(operand.shape) === shape[1];
}

/** A convolution plus one number per channel: ONNX's Conv takes it as its bias. */
function convolutionWithBias(sum: Value, bias: Value, facts: GraphFacts): Tile | undefined {
  if (sum.primitive !== "conv" || facts.uses(sum) > 1) return undefined;
  const { geometry } = sum.attributes;
  return {
    inputs: [...sum.inputs, bias],
    emit: (builder, [x, w, b]) =>
      builder.node(
        "Conv",
        [x!, w!, builder.node("Reshape", [b!, builder.ints([-1])])],
        convolutionAttributes(geometry),
      ),
  };
}

/** x · scale + shift per channel: a batch normalisation whose mean is 0 and whose deviation is 1 does it in one pass. */
function scaleAndShift(product: Value, shift: Value, facts: GraphFacts): Tile | undefined {
  if (product.primitive !== "mul" || facts.uses(product) > 1) return undefined;
  const [x, scale] = product.inputs as readonly [Value, Value];
  if (x.shape.length !== 4 || !isPerChannel(scale, x) || x.dtype !== "float32") return undefined;
  const channels = x.shape[1]!;
  return {
    inputs: [x, scale, shift],
    emit: (builder, [name, ...perChannel]) => {
      const [factor, addend] = perChannel.map((y) =>
        builder.node("Reshape", [y, builder.ints([-1])])
      );
      const [zeros, ones] = [builder.floats(0, [channels]), builder.floats(1, [channels])];
      return builder.node("BatchNormalization", [name!, factor!, addend!, zeros, ones], {
        epsilon: { float: 0 },
      });
    },
  };
}

/** A number per channel that is added to images [b, c, h, w] is added where they are made. */
export const channelAffinePattern: Pattern = (value, facts) => {
  if (value.primitive !== "add" || value.shape.length !== 4) return undefined;
  for (const [first, second] of [[0, 1], [1, 0]] as const) {
    const [images, shift] = [value.inputs[first]!, value.inputs[second]!];
    if (images.shape.length !== 4 || !isPerChannel(shift, images)) continue;
    // One image of one channel and pixel could be taken for the numbers per channel: then it does not matter which.
    const tile = convolutionWithBias(images, shift, facts) ?? scaleAndShift(images, shift, facts);
    if (tile !== undefined) return tile;
  }
  return undefined;
};
