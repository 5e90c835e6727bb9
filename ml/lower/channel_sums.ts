import type { Value } from "../graph/value.ts";
import { areAllButChannels, isNormalizedByChannel } from "./channel.ts";
import { centre } from "./normalized.ts";
import type { Pattern, Tile } from "./tile.ts";

/**
 * Σ d y of each channel for normalised y: Σ d c times the inverse deviation, where c is the distances from the mean.
 */
function alongNormalized(product: Value): Tile | undefined {
  if (product.primitive !== "mul") return undefined;
  const [a, b] = product.inputs as readonly [Value, Value];
  const [normal, other] = isNormalizedByChannel(a) ? [a, b] : [b, a];
  if (!isNormalizedByChannel(normal) || other.shape.length !== 4) return undefined;
  const [source] = normal.inputs;
  return {
    inputs: [other, source!],
    emit: (builder, [d, x]) => {
      const { centred, inverse } = centre(builder, source!, x!, normal.attributes);
      const sum = builder.node("ReduceSum", [
        builder.node("Mul", [d!, centred]),
        builder.ints(normal.attributes.axes),
      ], { keepdims: { int: 1 } });
      return builder.node("Mul", [sum, inverse]);
    },
  };
}

/**
 * Sums over all axes of images but the channels. A normalising layer needs each sum twice, as the gradient of a
 * parameter and stretched over the images; it is computed once, whatever its shape. A product with normalised images is
 * summed without computing the normalised images.
 */
export const channelSumsPattern: Pattern = (value) => {
  if (value.primitive !== "reduceSum" || value.dtype !== "float32") return undefined;
  const { axes, keep } = value.attributes;
  const [x] = value.inputs;
  if (!areAllButChannels(x!, axes)) return undefined;
  const tile = alongNormalized(x!) ?? {
    inputs: [x!],
    emit: (builder, [name]) =>
      builder.node("ReduceSum", [name!, builder.ints(axes)], { keepdims: { int: 1 } }),
  } satisfies Tile;
  if (keep) return tile;
  return {
    inputs: tile.inputs,
    emit: (builder, names) =>
      builder.node("Reshape", [tile.emit(builder, names), builder.ints(value.shape)]),
  };
};
