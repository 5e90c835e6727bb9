import { elementCount, tensor } from "../../tensor/tensor.ts";
import { outputSize } from "../graph/geometry.ts";
import type { Node } from "../graph/value.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";
import type { Pattern } from "./tile.ts";

/** Widest image for which the gradient of depthwise kernels is computed over all pairs of columns. */
const MAX_DIAGONAL_WIDTH = 48;

type WeightGrad = Node<"convWeightGrad">;

/** Matrix [w · ow, kw] with a one where column v of an input row meets column q of the output under kernel tap j. */
function diagonals(width: number, columns: number, taps: number, stride: number, dilation: number) {
  const data = new Float32Array(width * columns * taps);
  for (let q = 0; q < columns; q++) {
    for (let j = 0; j < taps; j++) {
      data[((q * stride + j * dilation) * columns + q) * taps + j] = 1;
    }
  }
  return tensor("float32", [width * columns, taps], data);
}

/** x with its padding, as one array of planes [batch · channels, rows, columns]. */
function paddedPlanes(builder: GraphBuilder, value: WeightGrad, x: string) {
  const { input: [height, width], padding: [vertical, horizontal] } = value.attributes.geometry;
  const planes = elementCount(value.inputs[0]!.shape.slice(0, 2));
  const [rows, columns] = [height + 2 * vertical, width + 2 * horizontal];
  const apart = builder.node("Reshape", [x, builder.ints([planes, height, width])]);
  const padded = vertical + horizontal === 0 ? apart : builder.node("Pad", [
    apart,
    builder.ints([0, vertical, horizontal, 0, vertical, horizontal]),
  ]);
  return { planes, rows, columns, padded };
}

/**
 * dw of a depthwise convolution. For each row of kernel taps, the product of the transposed input rows and the
 * gradient's rows has the sum over the rows for each pair of columns; one diagonal of it belongs to each tap. These
 * small matrix products replace copying each pixel once per tap.
 */
function emitDiagonals(builder: GraphBuilder, value: WeightGrad, x: string, d: string): string {
  const { geometry } = value.attributes;
  const { kernel, stride, dilation } = geometry;
  const [batch, channels] = value.inputs[0]!.shape as [number, number];
  const output = outputSize(geometry);
  const { planes, columns, padded } = paddedPlanes(builder, value, x);
  const slopes = builder.node("Reshape", [d, builder.ints([planes, ...output])]);
  const picked = builder.constant(
    diagonals(columns, output[1], kernel[1], stride[1], dilation[1]),
  );
  const rowsOfTaps = Array.from({ length: kernel[0] }, (_, i) => {
    const first = i * dilation[0];
    const seen = builder.node("Slice", [
      padded,
      builder.ints([first]),
      builder.ints([first + (output[0] - 1) * stride[0] + 1]),
      builder.ints([1]),
      builder.ints([stride[0]]),
    ]);
    const turned = builder.node("Transpose", [seen], { perm: { ints: [0, 2, 1] } });
    const pairs = builder.node("MatMul", [turned, slopes]);
    const flat = builder.node("Reshape", [pairs, builder.ints([planes, columns * output[1]])]);
    return builder.node("MatMul", [flat, picked]);
  });
  const perPlane = builder.node("Concat", rowsOfTaps, { axis: { int: 1 } });
  const apart = builder.node("Reshape", [perPlane, builder.ints([batch, channels, -1])]);
  const sum = builder.node("ReduceSum", [apart, builder.ints([0])], { keepdims: { int: 0 } });
  return builder.node("Reshape", [sum, builder.ints(value.shape)]);
}

/** The gradient of a depthwise convolution's kernels, for images with few enough pairs of columns. */
export const depthwiseWeightGradPattern: Pattern = (value) => {
  if (value.primitive !== "convWeightGrad") return undefined;
  const { groups, input, padding, block } = value.attributes.geometry;
  const depthwise = groups > 1 && value.shape[0] === groups && value.shape[1] === 1;
  if (block !== undefined || !depthwise || input[1] + 2 * padding[1] > MAX_DIAGONAL_WIDTH) {
    return undefined;
  }
  return {
    inputs: value.inputs,
    emit: (builder, [x, d]) => emitDiagonals(builder, value, x!, d!),
  };
};
