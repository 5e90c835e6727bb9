import { elementCount } from "../../../tensor/tensor.ts";
import { imageShape } from "../../graph/blocks.ts";
import { outputSize } from "../../graph/geometry.ts";
import type { Node, Value } from "../../graph/value.ts";
import type { GraphBuilder } from "../../onnx/graph_builder.ts";
import { mergedProduct } from "../conv_weight_grad.ts";
import type { Pattern } from "../tile.ts";
import { blockedConv, perFilter } from "./operators.ts";
import { scaledBy } from "./per_channel.ts";
import { channelsFirst, channelsLast } from "./reorder.ts";

type WeightGrad = Node<"convWeightGrad">;

/** Kernels of one element: dw = Σ d[position] · x[position]ᵀ, one matrix product over all positions of all images. */
function pointwise(builder: GraphBuilder, value: WeightGrad, x: string, d: string): string {
  const { stride, input } = value.attributes.geometry;
  const [source, slopes] = value.inputs;
  const channels = imageShape(source!.shape)[1]!;
  const rows = channelsLast(builder, source!.shape, x);
  const seen = stride.every((step) => step === 1) ? rows : builder.node("Slice", [
    rows,
    builder.ints([0, 0]),
    builder.ints(input),
    builder.ints([1, 2]),
    builder.ints(stride),
  ]);
  const product = builder.node("Gemm", [
    builder.node("Reshape", [
      channelsLast(builder, slopes!.shape, d),
      builder.ints([-1, value.shape[0]!]),
    ]),
    builder.node("Reshape", [seen, builder.ints([-1, channels])]),
  ], { transA: { int: 1 } });
  return builder.node("Reshape", [product, builder.ints(value.shape)]);
}

/** Kernels of several elements: as without blocks (`conv_weight_grad.ts`), after reordering the images. */
function merged(builder: GraphBuilder, value: WeightGrad, x: string, d: string): string {
  const { inputs: [source, slopes], attributes: { geometry } } = value;
  const [batch, channels] = imageShape(source!.shape) as [number, number];
  return mergedProduct(builder, { geometry, batch, channels, filters: value.shape[0]! }, [
    channelsLast(builder, source!.shape, x),
    channelsFirst(builder, slopes!.shape, d),
  ]);
}

/** Padding after the images, so that the convolution by d yields exactly the kernel's size. */
function lastPadding({ attributes: { geometry } }: WeightGrad): number[] {
  const { input, kernel, stride, padding, dilation } = geometry;
  const output = outputSize(geometry);
  return [0, 1].map((axis) =>
    (kernel[axis]! - 1) * dilation[axis]! + (output[axis]! - 1) * stride[axis]! + 1 -
    input[axis]! - padding[axis]!
  );
}

/**
 * One kernel per channel: each plane of the images is convolved with the plane of d. The operator on blocks does that
 * for kernels of any size. Stride and dilation are exchanged.
 */
function depthwise(builder: GraphBuilder, value: WeightGrad, x: string, d: string): string {
  const { geometry: { kernel, stride, dilation, padding, input, block } } = value.attributes;
  const output = outputSize(value.attributes.geometry);
  const [batch, channels] = imageShape(value.inputs[0]!.shape) as [number, number];
  const planes = batch * channels;
  const each = blockedConv(builder, [
    builder.node("Reshape", [x, builder.ints([1, planes, ...input])]),
    builder.node("Reshape", [d, builder.ints([planes, 1, ...output])]),
  ], {
    kernel_shape: { ints: output },
    strides: { ints: dilation },
    dilations: { ints: stride },
    pads: { ints: [...padding, ...lastPadding(value)] },
    group: { int: planes },
  });
  const rows = builder.node("Reshape", [
    each,
    builder.ints([batch, channels * elementCount(kernel)]),
  ]);
  const sum = builder.node("MatMul", [builder.floats(1, [1, batch]), rows]);
  const apart = builder.node("Reshape", [
    sum,
    builder.ints([channels / block!, ...kernel, block!]),
  ]);
  const turned = builder.node("Transpose", [apart], { perm: { ints: [0, 3, 1, 2] } });
  return builder.node("Reshape", [turned, builder.ints(value.shape)]);
}

/** The gradient of the kernels of a convolution on blocks. */
export const blockedWeightGradPattern: Pattern = (value) => {
  if (value.primitive !== "convWeightGrad") return undefined;
  const { groups, kernel, padding, block } = value.attributes.geometry;
  if (block === undefined) return undefined;
  const isPointwise = elementCount(kernel) === 1 && padding.every((length) => length === 0);
  if (groups > 1 && lastPadding(value).some((length) => length < 0)) return undefined;
  const form = groups > 1 ? depthwise : isPointwise ? pointwise : merged;
  const [x, d] = value.inputs as readonly [Value, Value];
  const scaled = scaledBy(d);
  if (scaled === undefined) {
    return { inputs: [x, d], emit: (builder, names) => form(builder, value, names[0]!, names[1]!) };
  }
  return {
    inputs: [x, scaled.images, scaled.scale],
    emit: (builder, [images, slopes, scale]) =>
      builder.node("Mul", [
        form(builder, value, images!, slopes!),
        perFilter(builder, value.shape[0]!, scale!),
      ]),
  };
};
