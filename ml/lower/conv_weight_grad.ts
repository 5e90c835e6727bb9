import { elementCount } from "../../tensor/tensor.ts";
import { type ConvolutionGeometry, outputSize } from "../graph/geometry.ts";
import type { Node } from "../graph/value.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";
import type { Pattern } from "./tile.ts";

type WeightGrad = Node<"convWeightGrad">;

/** Kernels of one element: dw = Σ_b d[b] · x[b]ᵀ over all positions, one matrix product per example. */
function pointwise(builder: GraphBuilder, value: WeightGrad, x: string, d: string): string {
  const { geometry } = value.attributes;
  const { stride } = geometry;
  const [source, grad] = value.inputs;
  const [batch, channels] = source!.shape as [number, number];
  const output = outputSize(geometry);
  const seen = stride[0] === 1 && stride[1] === 1 ? x : builder.node("Slice", [
    x,
    builder.ints([0, 0]),
    builder.ints(geometry.input),
    builder.ints([2, 3]),
    builder.ints(stride),
  ]);
  const positions = elementCount(output);
  const pixels = builder.node("Reshape", [seen, builder.ints([batch, channels, positions])]);
  const slopes = builder.node("Reshape", [d, builder.ints([batch, grad!.shape[1]!, positions])]);
  const turned = builder.node("Transpose", [pixels], { perm: { ints: [0, 2, 1] } });
  const products = builder.node("MatMul", [slopes, turned]);
  const sum = builder.node("ReduceSum", [products, builder.ints([0])], { keepdims: { int: 0 } });
  return builder.node("Reshape", [sum, builder.ints(value.shape)]);
}

/** The shapes that {@link mergedProduct} needs. */
export interface MergedWalk {
  readonly geometry: ConvolutionGeometry;
  readonly batch: number;
  readonly channels: number;
  readonly filters: number;
}

/**
 * Kernels of several elements: convolves x, with the channels innermost and merged into its rows, with d, whose
 * channels are the batch. A shift by one column becomes a dilation by all channels. All of dw is then one matrix
 * product, whose patches are copied as runs of kw · channels numbers.
 *
 * @param names x [batch, height, width, channels] and d [filters, batch, height', width']
 */
export function mergedProduct(
  builder: GraphBuilder,
  { geometry, batch, channels, filters }: MergedWalk,
  [x, d]: readonly [string, string],
): string {
  const { input: [height, width], kernel, stride, padding } = geometry;
  const output = outputSize(geometry);
  const rows = builder.node("Reshape", [
    x,
    builder.ints([1, batch, height, width * channels]),
  ]);
  const pads = [padding[0], padding[1] * channels];
  const raw = builder.node("Conv", [rows, d], {
    kernel_shape: { ints: output },
    dilations: { ints: [stride[0], stride[1] * channels] },
    pads: { ints: [...pads, ...pads] },
  });
  const rowsLeft = height + 2 * padding[0] - (output[0] - 1) * stride[0];
  const columnsLeft = width + 2 * padding[1] - (output[1] - 1) * stride[1];
  const exact = rowsLeft === kernel[0] && columnsLeft === kernel[1] ? raw : builder.node("Slice", [
    raw,
    builder.ints([0, 0]),
    builder.ints([kernel[0], kernel[1] * channels]),
    builder.ints([2, 3]),
  ]);
  const apart = builder.node("Reshape", [exact, builder.ints([filters, ...kernel, channels])]);
  return builder.node("Transpose", [apart], { perm: { ints: [0, 3, 1, 2] } });
}

function merged(builder: GraphBuilder, value: WeightGrad, x: string, d: string): string {
  const { geometry } = value.attributes;
  const [batch, channels] = value.inputs[0]!.shape as [number, number];
  return mergedProduct(builder, { geometry, batch, channels, filters: value.shape[0]! }, [
    builder.node("Transpose", [x], { perm: { ints: [0, 2, 3, 1] } }),
    builder.node("Transpose", [d], { perm: { ints: [1, 0, 2, 3] } }),
  ]);
}

/** The gradient of a convolution's kernels as large matrix products: two to three times faster than the plain form. */
export const convWeightGradPattern: Pattern = (value) => {
  if (value.primitive !== "convWeightGrad") return undefined;
  const { groups, dilation, kernel, padding, block } = value.attributes.geometry;
  if (block !== undefined || groups !== 1 || dilation.some((step) => step !== 1)) return undefined;
  const isPointwise = elementCount(kernel) === 1 && padding.every((length) => length === 0);
  const form = isPointwise ? pointwise : merged;
  return {
    inputs: value.inputs,
    emit: (builder, [x, d]) => form(builder, value, x!, d!),
  };
};
