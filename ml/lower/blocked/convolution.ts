import { elementCount, tensor } from "../../../tensor/tensor.ts";
import { type ConvolutionGeometry, outputSize } from "../../graph/geometry.ts";
import type { Node, Value } from "../../graph/value.ts";
import type { GraphBuilder } from "../../onnx/graph_builder.ts";
import { flippedKernels } from "../conv_input_grad.ts";
import { convolutionAttributes } from "../plain_convolution.ts";
import type { Pattern } from "../tile.ts";
import { asBlocks, asImages, blockedConv, type FusedOperations, perFilter } from "./operators.ts";
import { scaledBy } from "./per_channel.ts";

/**
 * Flat positions of the elements of w [o, c/g, kh, kw] in the order of the operators on blocks: filters in blocks, and
 * so are the input channels unless there are fewer than a block. Both blocks are innermost.
 */
function blockedKernelPositions(
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

/** Elements of an array, gathered by their flat positions into a shape. */
function gatherPositions(
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

/** Kernels [o, c/g, kh, kw] reordered for the operators on blocks. */
function kernelsInBlocks(
  builder: GraphBuilder,
  shape: readonly number[],
  block: number,
  name: string,
): string {
  return gatherPositions(
    builder,
    name,
    blockedKernelPositions(shape as [number, number, number, number], block),
    shape,
  );
}

/** Adds a convolution on blocks to the graph and returns the name of its result, in blocks. */
export function emitConvolution(
  builder: GraphBuilder,
  { inputs: [x, w], shape, attributes: { geometry } }: Node<"conv">,
  [images, kernels]: readonly [string, string],
  extras: FusedOperations = {},
): string {
  const source = x!.shape.length === 5 ? asImages(builder, x!.shape, images) : images;
  const arrangedKernels = kernelsInBlocks(builder, w!.shape, geometry.block!, kernels);
  return asBlocks(
    builder,
    shape,
    blockedConv(builder, [source, arrangedKernels], convolutionAttributes(geometry), extras),
  );
}

/** Lowers a convolution on blocks to ONNX Runtime's own operator. */
export const blockedConvPattern: Pattern = (value) => {
  if (value.primitive !== "conv" || value.attributes.geometry.block === undefined) return undefined;
  return {
    inputs: value.inputs,
    emit: (builder, [x, w]) => emitConvolution(builder, value, [x!, w!]),
  };
};

/** d with zeros between its rows and columns, so that neighbours are `stride` apart, and zeros after the last. */
function spreadByStride(
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

/** Whether the spread gradient has so many zeros that a transposed convolution is faster. */
function isSpreadTooThin({ stride, groups, kernel }: ConvolutionGeometry): boolean {
  return groups === 1 && elementCount(kernel) > 1 && stride[0] * stride[1] > 1;
}

/**
 * The gradient of the images as a convolution of d with the flipped kernels. With a stride, d is spread first, unless
 * most of the arithmetic would be on zeros: then the transposed convolution computes it.
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
      // Scaling the filters instead of d is cheaper because they are much smaller.
      const weights = scale === undefined
        ? plain
        : builder.node("Mul", [plain!, perFilter(builder, shape[0], scale)]);
      const images = stride.every((step) => step === 1)
        ? asImages(builder, d.shape, slopes!)
        : spreadByStride(builder, d.shape, stride, slopes!);
      const back = flippedKernels(shape, groups);
      const turned = [value.shape[1]! * block!, shape[0] / groups, ...kernel] as const;
      const order = blockedKernelPositions(
        turned as unknown as [number, number, number, number],
        block!,
      );
      const kernels = gatherPositions(builder, weights!, order.map((at) => back[at]!), turned);
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
