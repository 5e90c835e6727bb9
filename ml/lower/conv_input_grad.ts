import { elementCount, tensor } from "../../tensor/tensor.ts";
import { type ConvolutionGeometry, outputSize } from "../graph/geometry.ts";
import type { Node } from "../graph/value.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";
import type { Pattern } from "./tile.ts";

type InputGrad = Node<"convInputGrad">;

/** Kernels of one element: dx[b] = wᵀ · d[b]. */
function pointwise(builder: GraphBuilder, value: InputGrad, d: string, w: string): string {
  const [batch, filters] = value.inputs[0]!.shape as [number, number];
  const channels = value.shape[1]!;
  const slopes = builder.node("Reshape", [d, builder.ints([batch, filters, -1])]);
  const kernels = builder.node("Reshape", [w, builder.ints([filters, channels])]);
  const product = builder.node("MatMul", [
    builder.node("Transpose", [kernels], { perm: { ints: [1, 0] } }),
    slopes,
  ]);
  return builder.node("Reshape", [product, builder.ints(value.shape)]);
}

/**
 * Flat positions in w [o, c/g, kh, kw] of the elements of the flipped kernels [c, o/g, kh, kw], which convolve in the
 * opposite direction.
 */
export function flippedKernels(
  [filters, perGroup, kh, kw]: readonly number[],
  groups: number,
): Int32Array {
  const each = filters! / groups;
  const size = kh! * kw!;
  const entries = new Int32Array(filters! * perGroup! * size);
  let next = 0;
  for (let group = 0; group < groups; group++) {
    for (let c = 0; c < perGroup!; c++) {
      for (let o = 0; o < each; o++) {
        const kernel = ((group * each + o) * perGroup! + c) * size;
        for (let tap = size - 1; tap >= 0; tap--) entries[next++] = kernel + tap;
      }
    }
  }
  return entries;
}

/** Stride 1: a convolution of d with the flipped kernels. */
function flippedConvolution(builder: GraphBuilder, value: InputGrad, d: string, w: string): string {
  const { kernel, dilation, padding, groups } = value.attributes.geometry;
  const shape = value.inputs[1]!.shape;
  const entries = flippedKernels(shape, groups);
  const flat = builder.node("Reshape", [w, builder.ints([-1])]);
  const indices = builder.constant(tensor("int32", [entries.length], entries));
  const kernels = builder.node("Reshape", [
    builder.node("GatherElements", [flat, indices], { axis: { int: 0 } }),
    builder.ints([value.shape[1]!, shape[0]! / groups, ...kernel]),
  ]);
  const pads = [0, 1].map((axis) => (kernel[axis]! - 1) * dilation[axis]! - padding[axis]!);
  return builder.node("Conv", [d, kernels], {
    kernel_shape: { ints: kernel },
    dilations: { ints: dilation },
    pads: { ints: [...pads, ...pads] },
    group: { int: groups },
  });
}

/** Whether d is as large as x. The convolution of d then does no more work than the forward one. */
function keepsSize(geometry: ConvolutionGeometry): boolean {
  const output = outputSize(geometry);
  return output[0] >= geometry.input[0] && output[1] >= geometry.input[1];
}

/**
 * The gradient of a convolution's input as a matrix product or a convolution, where that is faster than a transposed
 * convolution.
 */
export const convInputGradPattern: Pattern = (value) => {
  if (value.primitive !== "convInputGrad") return undefined;
  const { geometry } = value.attributes;
  const { kernel, stride, padding, dilation, groups, block } = geometry;
  if (block !== undefined || stride.some((step) => step !== 1)) return undefined;
  const isPointwise = elementCount(kernel) === 1 && groups === 1 &&
    padding.every((length) => length === 0);
  const canFlip = keepsSize(geometry) &&
    [0, 1].every((axis) => padding[axis]! <= (kernel[axis]! - 1) * dilation[axis]!);
  const form = isPointwise ? pointwise : canFlip ? flippedConvolution : undefined;
  return form && {
    inputs: value.inputs,
    emit: (builder, [d, w]) => form(builder, value, d!, w!),
  };
};
