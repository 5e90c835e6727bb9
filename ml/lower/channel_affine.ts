import type { Value } from "../graph/value.ts";
import { emitScaleAndShift, isNormalizedByChannel, isPerChannel } from "./channel.ts";
import { centre } from "./normalized.ts";
import { convolutionAttributes } from "./plain_convolution.ts";
import type { GraphFacts, Pattern, Tile } from "./tile.ts";

/** A convolution plus one number per channel, which becomes the bias of ONNX's Conv. */
function convolutionWithBias(sum: Value, bias: Value, facts: GraphFacts): Tile | undefined {
  if (sum.primitive !== "conv" || facts.uses(sum) > 1) return undefined;
  const { geometry } = sum.attributes;
  if (geometry.block !== undefined) return undefined;
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

/** x · scale + shift per channel. If x was normalised, its inverse deviation is multiplied into the scale. */
function scaledImages(product: Value, shift: Value, facts: GraphFacts): Tile | undefined {
  if (product.primitive !== "mul" || facts.uses(product) > 1) return undefined;
  const [x, scale] = product.inputs as readonly [Value, Value];
  if (x.shape.length !== 4 || !isPerChannel(scale, x) || x.dtype !== "float32") return undefined;
  const channels = x.shape[1]!;
  if (!isNormalizedByChannel(x)) {
    return {
      inputs: [x, scale, shift],
      emit: (builder, [name, factor, addend]) =>
        emitScaleAndShift(builder, channels, [name!, factor!, addend!]),
    };
  }
  const [source] = x.inputs;
  return {
    inputs: [source!, scale, shift],
    emit: (builder, [name, factor, addend]) => {
      const { centred, inverse } = centre(builder, source!, name!, x.attributes);
      const both = builder.node("Mul", [factor!, inverse]);
      return emitScaleAndShift(builder, channels, [centred, both, addend!]);
    },
  };
}

/** Merges the addition of one number per channel into the operation that produces the images [b, c, h, w]. */
export const channelAffinePattern: Pattern = (value, facts) => {
  if (value.primitive !== "add" || value.shape.length !== 4) return undefined;
  for (const [first, second] of [[0, 1], [1, 0]] as const) {
    const [images, shift] = [value.inputs[first]!, value.inputs[second]!];
    if (images.shape.length !== 4 || !isPerChannel(shift, images)) continue;
    // If both operands have one channel and one pixel, it does not matter which of them counts as the images.
    const tile = convolutionWithBias(images, shift, facts) ?? scaledImages(images, shift, facts);
    if (tile !== undefined) return tile;
  }
  return undefined;
};
