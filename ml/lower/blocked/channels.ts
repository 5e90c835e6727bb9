import { elementCount } from "../../../tensor/tensor.ts";
import { sameShape } from "../../graph/shape.ts";
import type { Node, Value } from "../../graph/value.ts";
import type { GraphBuilder } from "../../onnx/graph_builder.ts";
import type { GraphFacts, Pattern } from "../tile.ts";
import { emitConvolution } from "./convolution.ts";
import { isPerBlockedChannel, scaledBy } from "./per_channel.ts";
import { asImages, channelDots, channelSums, planeMeans, scaleChannels } from "./operators.ts";

type Normalized = Node<"normalize">;

/** Whether a value is images in blocks of `block` channels. */
export function isBlocked(value: Value, block: number): boolean {
  return value.shape.length === 5 && value.shape[4] === block && value.dtype === "float32";
}

function isOverChannels(axes: readonly number[]): boolean {
  return axes.length === 3 && axes[0] === 0 && axes[1] === 2 && axes[2] === 3;
}

function isNormalized(value: Value, block: number): value is Normalized {
  return value.primitive === "normalize" && isBlocked(value, block) &&
    isOverChannels(value.attributes.axes);
}

/**
 * Subtracts the channel means. The returned names are of the centred images and of the inverse standard deviation; the
 * builder shares their nodes between patterns.
 */
function centre(
  builder: GraphBuilder,
  { shape, attributes: { axes, epsilon } }: Pick<Normalized, "shape" | "attributes">,
  x: string,
): { readonly centred: string; readonly inverse: string } {
  const count = builder.floats(elementCount(axes.map((axis) => shape[axis]!)));
  const mean = builder.node("Div", [channelSums(builder, shape, x), count]);
  const centred = scaleChannels(builder, shape, x, { shift: builder.node("Neg", [mean]) });
  const variance = builder.node("Div", [channelDots(builder, shape, centred, centred), count]);
  const deviation = builder.node("Sqrt", [
    builder.node("Add", [variance, builder.floats(epsilon)]),
  ]);
  return { centred, inverse: builder.node("Reciprocal", [deviation]) };
}

/** Images in blocks that are scaled, shifted, added to other images and passed through a relu, all in one pass. */
interface Affine {
  /** What is scaled and shifted: images, normalised images, or the convolution that produces them. */
  readonly base: Value;
  readonly scale?: Value;
  readonly shift?: Value;
  readonly sum?: Value;
  readonly relu?: boolean;
}

function scaled(value: Value, facts: GraphFacts): Affine {
  const parts = facts.uses(value) === 1 ? scaledBy(value) : undefined;
  return parts === undefined ? { base: value } : { base: parts.images, scale: parts.scale };
}

/** x · scale and nothing else. */
function scaledAlone(value: Value): Affine | undefined {
  const parts = scaledBy(value);
  return parts && { base: parts.images, scale: parts.scale };
}

/** x · scale + shift; undefined if nothing is added. */
function shifted(value: Value, facts: GraphFacts): Affine | undefined {
  if (value.primitive !== "add") return undefined;
  for (const [first, second] of [[0, 1], [1, 0]] as const) {
    const [images, shift] = [value.inputs[first]!, value.inputs[second]!];
    if (sameShape(images.shape, value.shape) && isPerBlockedChannel(shift, value)) {
      return { ...scaled(images, facts), shift };
    }
  }
  return undefined;
}

function isConvolution(value: Value, facts: GraphFacts): value is Node<"conv"> {
  return value.primitive === "conv" && facts.uses(value) === 1;
}

function summed(value: Value, facts: GraphFacts): Affine | undefined {
  if (value.primitive !== "add") return undefined;
  for (const [first, second] of [[0, 1], [1, 0]] as const) {
    const [images, sum] = [value.inputs[first]!, value.inputs[second]!];
    if (!sameShape(images.shape, sum.shape) || facts.uses(images) > 1) continue;
    const inner = shifted(images, facts);
    if (inner !== undefined) return { ...inner, sum };
    if (isConvolution(images, facts)) return { base: images, sum };
  }
  return undefined;
}

function affine(value: Value, facts: GraphFacts): Affine | undefined {
  const plain = shifted(value, facts) ?? summed(value, facts);
  if (plain !== undefined) return plain;
  if (value.primitive === "mul") return scaledAlone(value);
  if (value.primitive !== "relu") return undefined;
  const [x] = value.inputs;
  if (facts.uses(x!) > 1) return undefined;
  const inner = shifted(x!, facts) ?? summed(x!, facts) ??
    (isConvolution(x!, facts) ? { base: x! } : undefined);
  return inner && { ...inner, relu: true };
}

/**
 * Merges per-channel numbers, the images of a residual connection and a relu into the pass over the images before them.
 */
export const blockedAffinePattern = (block: number): Pattern => (value, facts) => {
  if (!isBlocked(value, block)) return undefined;
  const form = affine(value, facts);
  if (form === undefined) return undefined;
  const { base, scale, shift, sum, relu } = form;
  const operands = [scale, shift, sum].filter((operand) => operand !== undefined);
  const absorbs = scale === undefined && isConvolution(base, facts) &&
    base.attributes.geometry.block === block;
  const normal = isNormalized(base, block) ? base : undefined;
  const sources = absorbs ? base.inputs : normal?.inputs ?? [base];
  return {
    inputs: [...sources, ...operands],
    emit: (builder, names) => {
      const rest = names.slice(sources.length);
      const next = (operand: Value | undefined) => operand && rest.shift();
      const [factor, offset, images] = [next(scale), next(shift), next(sum)];
      if (absorbs) {
        return emitConvolution(builder, base, [names[0]!, names[1]!], {
          bias: offset &&
            builder.node("Reshape", [offset, builder.ints([base.inputs[1]!.shape[0]!])]),
          sum: images && asImages(builder, value.shape, images),
          relu,
        });
      }
      if (normal === undefined) {
        return scaleChannels(builder, value.shape, names[0]!, {
          scale: factor,
          shift: offset,
          sum: images,
          relu,
        });
      }
      const { centred, inverse } = centre(builder, normal, names[0]!);
      return scaleChannels(builder, value.shape, centred, {
        scale: factor === undefined ? inverse : builder.node("Mul", [factor, inverse]),
        shift: offset,
        sum: images,
        relu,
      });
    },
  };
};

/** Sums of the channels of images in blocks, or of a product of such images. The product itself is not computed. */
export const blockedSumsPattern = (block: number): Pattern => (value, facts) => {
  if (value.primitive !== "reduceSum" || !isBlocked(value.inputs[0]!, block)) return undefined;
  const [x] = value.inputs as readonly [Value];
  const { axes } = value.attributes;
  const inShape = (builder: GraphBuilder, name: string) =>
    builder.node("Reshape", [name, builder.ints(value.shape)]);
  if (axes.length === 2 && axes[0] === 2 && axes[1] === 3) {
    const size = x.shape[2]! * x.shape[3]!;
    return {
      inputs: [x],
      emit: (builder, [name]) =>
        inShape(
          builder,
          builder.node("Mul", [planeMeans(builder, x.shape, name!), builder.floats(size)]),
        ),
    };
  }
  if (!isOverChannels(axes)) return undefined;
  const [a, b] = x.inputs;
  const isProduct = x.primitive === "mul" && sameShape(a!.shape, b!.shape) &&
    facts.users(x).every(({ primitive }) => primitive === "reduceSum");
  if (!isProduct) {
    return {
      inputs: [x],
      emit: (builder, [name]) => inShape(builder, channelSums(builder, x.shape, name!)),
    };
  }
  const factors = [a!, b!];
  return {
    inputs: factors.map((factor) => isNormalized(factor, block) ? factor.inputs[0]! : factor),
    emit: (builder, names) => {
      const parts = factors.map((factor, i) =>
        isNormalized(factor, block) ? centre(builder, factor, names[i]!) : { centred: names[i]! }
      );
      const dots = channelDots(builder, x.shape, parts[0]!.centred, parts[1]!.centred);
      const sum = parts.reduce(
        (name, part) => "inverse" in part ? builder.node("Mul", [name, part.inverse]) : name,
        dots,
      );
      return inShape(builder, sum);
    },
  };
};

/** Normalised channels and their inverse deviation, where no other pattern covers them. */
export const blockedNormalizePattern = (block: number): Pattern => (value) => {
  if (value.primitive !== "normalize" && value.primitive !== "inverseDeviation") return undefined;
  const [x] = value.inputs as readonly [Value];
  if (!isBlocked(x, block) || !isOverChannels(value.attributes.axes)) return undefined;
  return {
    inputs: [x],
    emit: (builder, [name]) => {
      const { centred, inverse } = centre(
        builder,
        { shape: x.shape, attributes: value.attributes },
        name!,
      );
      return value.primitive === "inverseDeviation"
        ? inverse
        : scaleChannels(builder, x.shape, centred, { scale: inverse });
    },
  };
};

/**
 * The gradient of normalised channels, ((d − p) − y q) s without its last factor, in one pass. Because y is c r, the
 * distances from the mean times the inverse deviation, it equals d + (c (−q r) − p). The gradient mostly goes to the
 * convolution in front, whose kernels contain s instead (`convolution.ts`, `weight_grad.ts`).
 */
export const blockedNormalizeGradPattern = (block: number): Pattern => (value) => {
  if (value.primitive !== "sub" || !isBlocked(value, block)) return undefined;
  const [rest, along] = value.inputs;
  if (rest!.primitive !== "sub" || along!.primitive !== "mul") return undefined;
  const [slope, mean] = rest!.inputs as readonly [Value, Value];
  const [normal, share] = along!.inputs as readonly [Value, Value];
  if (!isNormalized(normal, block) || !sameShape(slope.shape, value.shape)) return undefined;
  if (![mean, share].every((part) => isPerBlockedChannel(part, value))) return undefined;
  return {
    inputs: [slope, normal.inputs[0]!, mean, share],
    emit: (builder, [d, x, p, q]) => {
      const { centred, inverse } = centre(builder, normal, x!);
      return scaleChannels(builder, value.shape, centred, {
        scale: builder.node("Mul", [builder.node("Neg", [q!]), inverse]),
        shift: builder.node("Neg", [p!]),
        sum: d!,
      });
    },
  };
};
