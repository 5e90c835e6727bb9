import { elementCount, tensor } from "../../../tensor/tensor.ts";
import { type ConvolutionGeometry, outputSize } from "../../graph/geometry.ts";
import type { Node, Value } from "../../graph/value.ts";
import type { GraphBuilder } from "../../onnx/graph_builder.ts";
import { flippedKernels } from "../conv_input_grad.ts";
import { convolutionAttributes } from "../plain_convolution.ts";
import type { Pattern } from "../tile.ts";
import { asBlocks, asImages, blockedConv, type Extras, perFilter } from "./operators.ts";
import { scaledBy } from "./per_channel.ts";

/**
 * Positions in w [o, c/g, kh, kw] of its elements as the operators on blocks want kernels: filters in blocks, and the
 * channels that they see too unless those are fewer than a block, both innermost.
 */
function arranged(
  [filters, seen, kh, kw]: readonly [number, number, number, number],
  block: number,
): Int32Array {
  const size = kh * kw;
  const together = seen < block ? 1 : block;
  const entries = new Int32Array(filters * seen * size);
  let next = 0;
  for (let o = 0; o < filters; o += block) {
    for (let c = 0; c < seen; c += together) {
      for (let tap = 0; tap < size; tap++) {
        for (let i = 0; i < together; i++) {
          for (let k = 0; k < block; k++) entries[next++] = ((o + k) * seen + c + i) * size + tap;
        }
      }
    }
  }
  return entries;
}

/** Elements of an array by their flat positions, in a shape. */
function picked(
  builder: GraphBuilder,
  name: string,
  entries: Int32Array,
  shape: readonly number[],
): string {
  const flat = builder.node("Reshape", [name, builder.ints([-1])]);
  const indices = builder.constant(tensor("int32", [entries.length], entries));
  const elements = builder.node("GatherElements", [flat, indices], { axis: { int: 0 } });
  return builder.node("Reshape", [elements, builder.ints(shape)]);
}

/** Kernels [o, c/g, kh, kw] as the operators on blocks want them. */
function kernelsInBlocks(
  builder: GraphBuilder,
  shape: readonly number[],
  block: number,
  name: string,
): string {
  return picked(builder, name, arranged(shape as [number, number, number, number], block), shape);
}

/** A convolution on blocks as an operator: the name of what it yields, in blocks. */
export function emitConvolution(
  builder: GraphBuilder,
  { inputs: [x, w], shape, attributes: { geometry } }: Node<"conv">,
  [images, kernels]: readonly [string, string],
  extras: Extras = {},
): string {
  const source = x!.shape.length === 5 ? asImages(builder, x!.shape, images) : images;
  const arrangedKernels = kernelsInBlocks(builder, w!.shape, geometry.block!, kernels);
  return asBlocks(
    builder,
    shape,
    blockedConv(builder, [source, arrangedKernels], convolutionAttributes(geometry), extras),
  );
}

/** Convolutions on blocks by ONNX Runtime's own operator. */
export const blockedConvPattern: Pattern = (value) => {
  if (value.primitive !== "conv" || value.attributes.geometry.block === undefined) return undefined;
  return {
    inputs: value.inputs,
    emit: (builder, [x, w]) => emitConvolution(builder, value, [x!, w!]),
  };
};

/** d with zeros between its rows and columns, so many that they are `stride` apart, and behind the last. */
function spread(
  builder: GraphBuilder,
  [batch, blocks, rows, columns, block]: readonly number[],
  stride: readonly number[],
  d: string,
): string {
  const planes = batch! * blocks!;
  const pad = (name: string, length: number, width: number, step: number) =>
    step === 1 ? name : builder.node("Pad", [
      builder.node("Reshape", [name, builder.ints([length, width])]),
      builder.ints([0, 0, 0, width * (step - 1)]),
    ]);
  const wide = pad(d, planes * rows! * columns!, block!, stride[1]!);
  const high = pad(wide, planes * rows!, columns! * stride[1]! * block!, stride[0]!);
  return builder.node("Reshape", [
    high,
    builder.ints([batch!, blocks! * block!, rows! * stride[0]!, columns! * stride[1]!]),
  ]);
}

/** Whether one number in so many of the spread gradient being no zero costs more than a transposed convolution. */
function isSpreadTooThin({ stride, groups, kernel }: ConvolutionGeometry): boolean {
  return groups === 1 && elementCount(kernel) > 1 && stride[0] * stride[1] > 1;
}

/**
 * The gradient of the images as a convolution of d by the flipped kernels. With a stride, d is spread first; that is
 * left to the transposed convolution where the arithmetic on zeros would be much.
 */
export const blockedInputGradPattern: Pattern = (value) => {
  if (value.primitive !== "convInputGrad" || value.shape.length !== 5) return undefined;
  const { geometry } = value.attributes;
  const { kernel, stride, padding, dilation, groups, input, block } = geometry;
  const [d, w] = value.inputs as readonly [Value, Value];
  const output = outputSize(geometry);
  const first = [0, 1].map((axis) => (kernel[axis]! - 1) * dilation[axis]! - padding[axis]!);
  const last = [0, 1].map((axis) => input[axis]! + padding[axis]! - output[axis]! * stride[axis]!);
  const pads = [...first, ...last];
  if (pads.some((length) => length < 0) || isSpreadTooThin(geometry)) return undefined;
  const shape = w.shape as readonly [number, number, number, number];
  const scaled = scaledBy(d);
  return {
    inputs: scaled === undefined ? value.inputs : [scaled.images, w, scaled.scale],
    emit: (builder, [slopes, plain, scale]) => {
      // Where d is scaled by the filter, the filter can be: it is much smaller.
      const weights = scale === undefined
        ? plain
        : builder.node("Mul", [plain!, perFilter(builder, shape[0], scale)]);
      const images = stride.every((step) => step === 1)
        ? asImages(builder, d.shape, slopes!)
        : spread(builder, d.shape, stride, slopes!);
      const back = flippedKernels(shape, groups);
      const turned = [value.shape[1]! * block!, shape[0] / groups, ...kernel] as const;
      const order = arranged(turned as unknown as [number, number, number, number], block!);
      const kernels = picked(builder, weights!, order.map((at) => back[at]!), turned);
      return asBlocks(
        builder,
        value.shape,
        blockedConv(builder, [images, kernels], {
          kernel_shape: { ints: kernel },
          dilations: { ints: dilation },
          pads: { ints: pads },
          group: { int: groups },
        }),
      );
    },
  };
};
