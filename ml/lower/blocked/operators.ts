import { imageShape } from "../../graph/blocks.ts";
import type { Attributes } from "../../onnx/attribute.ts";
import type { GraphBuilder } from "../../onnx/graph_builder.ts";

/**
 * Per builder: names of arrays in blocks, to the names of the same arrays in the shape that the operators on blocks
 * expect.
 */
const imageNames = new WeakMap<GraphBuilder, Map<string, string>>();

/**
 * Images in blocks in the shape that the operators on blocks expect: the same numbers as [batch, channels, height,
 * width]. The result of one such operator is passed to the next without a reshape.
 */
export function asImages(builder: GraphBuilder, shape: readonly number[], name: string): string {
  return imageNames.get(builder)?.get(name) ??
    builder.node("Reshape", [name, builder.ints(imageShape(shape))]);
}

/** The result of an operator on blocks, in the shape that images in blocks have in the graph. */
export function asBlocks(builder: GraphBuilder, shape: readonly number[], images: string): string {
  const name = builder.node("Reshape", [images, builder.ints(shape)]);
  const known = imageNames.get(builder) ?? new Map<string, string>();
  imageNames.set(builder, known.set(name, images));
  return name;
}

/**
 * What a convolution on blocks can do in the same pass. The names are of arrays in the shape that the operator expects.
 */
export interface FusedOperations {
  /** One number per filter. */
  readonly bias?: string;
  /** Images to add. */
  readonly sum?: string;
  /** Whether negative results become zero. */
  readonly relu?: boolean;
}

/** Adds a convolution on blocks. Images and kernels are in the operator's order; returns the name of its images. */
export function blockedConv(
  builder: GraphBuilder,
  [x, w]: readonly [string, string],
  attributes: Attributes,
  { bias, sum, relu = false }: FusedOperations = {},
): string {
  // Inputs left out at the end are dropped; one left out in the middle has an empty name.
  const inputs = sum !== undefined
    ? [x, w, bias ?? "", sum]
    : bias !== undefined
    ? [x, w, bias]
    : [x, w];
  return builder.node("com.microsoft.nchwc.Conv", inputs, {
    ...attributes,
    ...relu ? { activation: { string: "Relu" } } : {},
  });
}

/** One number per channel, reshaped to be multiplied with the kernels [filters, …] that produce those channels. */
export function perFilter(builder: GraphBuilder, filters: number, numbers: string): string {
  return builder.node("Reshape", [numbers, builder.ints([filters, 1, 1, 1])]);
}

/** Multiplies each channel by a number and adds a number, in one pass over the images. Either can be left out. */
export function scaleChannels(
  builder: GraphBuilder,
  shape: readonly number[],
  x: string,
  { scale, shift, sum, relu }: {
    readonly scale?: string;
    readonly shift?: string;
    readonly sum?: string;
    readonly relu?: boolean;
  },
): string {
  const channels = imageShape(shape)[1]!;
  const kernels = scale === undefined
    ? builder.floats(1, [channels, 1, 1, 1])
    : builder.node("Reshape", [scale, builder.ints([channels, 1, 1, 1])]);
  const images = blockedConv(builder, [asImages(builder, shape, x), kernels], {
    kernel_shape: { ints: [1, 1] },
    group: { int: channels },
  }, {
    bias: shift && builder.node("Reshape", [shift, builder.ints([channels])]),
    sum: sum && asImages(builder, shape, sum),
    relu,
  });
  return asBlocks(builder, shape, images);
}

/** Sums one number per image and channel, [batch, channels], over the batch: [1, blocks, 1, 1, block]. */
function overBatch(
  builder: GraphBuilder,
  [batch, blocks, , , block]: readonly number[],
  each: string,
  factor: number,
): string {
  const rows = builder.node("Reshape", [each, builder.ints([batch!, blocks! * block!])]);
  const sum = builder.node("MatMul", [builder.floats(factor, [1, batch!]), rows]);
  return builder.node("Reshape", [sum, builder.ints([1, blocks!, 1, 1, block!])]);
}

/** The mean of each plane of images in blocks, [batch, channels, 1, 1]. */
export function planeMeans(builder: GraphBuilder, shape: readonly number[], x: string): string {
  return builder.node("com.microsoft.nchwc.GlobalAveragePool", [asImages(builder, shape, x)]);
}

/** The sum of each channel of images in blocks, [1, blocks, 1, 1, block]. */
export function channelSums(builder: GraphBuilder, shape: readonly number[], x: string): string {
  return overBatch(builder, shape, planeMeans(builder, shape, x), shape[2]! * shape[3]!);
}

/**
 * The sum of each channel over the product of two arrays of images, in one pass over both: each plane is convolved with
 * the other's plane, which has the same size.
 */
export function channelDots(
  builder: GraphBuilder,
  shape: readonly number[],
  a: string,
  b: string,
): string {
  const [batch, channels, height, width] = imageShape(shape) as [number, number, number, number];
  const planes = batch * channels;
  const images = builder.node("Reshape", [a, builder.ints([1, planes, height, width])]);
  const kernels = builder.node("Reshape", [b, builder.ints([planes, 1, height, width])]);
  const each = blockedConv(builder, [images, kernels], {
    kernel_shape: { ints: [height, width] },
    group: { int: planes },
  });
  return overBatch(builder, shape, each, 1);
}
