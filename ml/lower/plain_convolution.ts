import type { Attributes } from "../onnx/attribute.ts";
import type { GraphBuilder } from "../onnx/graph_builder.ts";
import {
  type ConvolutionGeometry,
  outputSize,
  type PoolGeometry,
  reach,
} from "../graph/geometry.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { fromBlocks, imageShape } from "../graph/blocks.ts";
import type { Node } from "../graph/value.ts";
import { shareOverWindows } from "./share_over_windows.ts";
import type { PlainLowering, PlainLowerings } from "./tile.ts";

export function poolAttributes({ kernel, stride, padding }: PoolGeometry): Attributes {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: stride },
    pads: { ints: [...padding, ...padding] },
  };
}

/** A convolution's geometry as attributes of ONNX's convolutions. */
export function convolutionAttributes(geometry: ConvolutionGeometry): Attributes {
  const { dilation, groups } = geometry;
  return { ...poolAttributes(geometry), dilations: { ints: dilation }, group: { int: groups } };
}

/** Elements at the end of each input axis that no window reaches because of the stride. */
function leftOver(geometry: ConvolutionGeometry): number[] {
  const output = outputSize(geometry);
  const window = reach(geometry.kernel, geometry.dilation);
  return [0, 1].map((axis) =>
    geometry.input[axis]! + 2 * geometry.padding[axis]! - window[axis]! -
    (output[axis]! - 1) * geometry.stride[axis]!
  );
}

/** A max-pool that also returns the flat indices of its maxima, which ONNX counts over the whole input. */
export function maxPoolWithIndices(
  builder: GraphBuilder,
  geometry: PoolGeometry,
  x: string,
): string[] {
  return builder.nodes("MaxPool", [x], 2, poolAttributes(geometry));
}

/**
 * Adapts a lowering for images without blocks to images with or without them: reorders images out of blocks, and the
 * result back.
 */
function outOfBlocks<P extends "conv" | "convInputGrad" | "convWeightGrad">(
  lowering: PlainLowering<P>,
): PlainLowering<P> {
  return (builder, value, names) => {
    const { block, ...geometry } = value.attributes.geometry;
    if (block === undefined) return lowering(builder, value, names);
    const plain = {
      ...value,
      attributes: { geometry },
      inputs: value.inputs.map(fromBlocks),
      shape: imageShape(value.shape),
    };
    const sources = names.map((name, i) => outOf(builder, value.inputs[i]!.shape, name));
    return intoBlocks(builder, value.shape, lowering(builder, plain, sources));
  };
}

/** Plain lowerings of convolution, pooling and their gradients: ONNX's own operators on [b, c, h, w]. */
export const plainConvolution = {
  conv: outOfBlocks((builder, { attributes: { geometry } }, names) =>
    builder.node("Conv", names, convolutionAttributes(geometry))
  ),

  convInputGrad: outOfBlocks((builder, { attributes: { geometry } }, names) =>
    builder.node("ConvTranspose", names, {
      ...convolutionAttributes(geometry),
      output_padding: { ints: leftOver(geometry) },
    })
  ),

  // dw[o, c, i, j] = Σ x[b, c, p·s + i·dil, …] d[b, o, p, …] is a convolution of x with d whose batch is the channels
  // and whose channels are the batch, with stride and dilation exchanged. Groups stay groups: each sees the whole
  // batch.
  convWeightGrad: outOfBlocks((builder, value: Node<"convWeightGrad">, names) => {
    const { attributes: { geometry }, inputs: [x, d], shape } = value;
    const { groups, stride, dilation, padding, kernel, input } = geometry;
    const [batch, channels] = x!.shape as [number, number];
    const perGroup = channels / groups;
    const output = outputSize(geometry);
    const swap = { perm: { ints: [1, 0, 2, 3] } };
    let source: string;
    if (groups === 1) source = builder.node("Transpose", [names[0]!], swap);
    else {
      const split = builder.ints([batch, groups, perGroup, ...input]);
      const merged = builder.ints([perGroup, groups * batch, ...input]);
      const apart = builder.node("Reshape", [names[0]!, split]);
      const turned = builder.node("Transpose", [apart], { perm: { ints: [2, 1, 0, 3, 4] } });
      source = builder.node("Reshape", [turned, merged]);
    }
    const kernels = builder.node("Transpose", [names[1]!], swap);
    const raw = builder.node("Conv", [source, kernels], {
      kernel_shape: { ints: output },
      strides: { ints: dilation },
      dilations: { ints: stride },
      pads: { ints: [...padding, ...padding] },
      group: { int: groups },
    });
    const rest = leftOver(geometry);
    const tooLarge = rest.some((length, axis) => Math.floor(length / dilation[axis]!) > 0);
    const exact = tooLarge
      ? builder.node("Slice", [
        raw,
        builder.ints([0, 0]),
        builder.ints(kernel),
        builder.ints([2, 3]),
      ])
      : raw;
    const turned = builder.node("Transpose", [exact], swap);
    return d!.shape[1] === shape[0]
      ? turned
      : builder.node("Reshape", [turned, builder.ints(shape)]);
  }),

  maxPool: (builder, { attributes: { geometry } }, names) =>
    builder.node("MaxPool", names, poolAttributes(geometry)),

  avgPool: (builder, { attributes: { geometry } }, names) =>
    builder.node("AveragePool", names, {
      ...poolAttributes(geometry),
      count_include_pad: { int: 1 },
    }),

  avgPoolGrad: shareOverWindows,

  maxPoolGrad: (builder, { attributes: { geometry }, shape }, [x, d]) => {
    const [, indices] = maxPoolWithIndices(builder, geometry, x!);
    const flat = builder.ints([-1]);
    const scattered = builder.node("ScatterElements", [
      builder.zeros([elementCount(shape)]),
      builder.node("Reshape", [indices!, flat]),
      builder.node("Reshape", [d!, flat]),
    ], { axis: { int: 0 }, reduction: { string: "add" } });
    return builder.node("Reshape", [scattered, builder.ints(shape)]);
  },
} satisfies Partial<PlainLowerings>;

/** Reorders images in blocks to [batch, channels, height, width]; returns other images unchanged. */
function outOf(builder: GraphBuilder, shape: readonly number[], name: string): string {
  if (shape.length !== 5) return name;
  const moved = builder.node("Transpose", [name], { perm: { ints: [0, 1, 4, 2, 3] } });
  return builder.node("Reshape", [moved, builder.ints(imageShape(shape))]);
}

/**
 * Reorders images [batch, channels, height, width] into blocks if `shape` is one of blocks; returns them unchanged
 * otherwise.
 */
function intoBlocks(builder: GraphBuilder, shape: readonly number[], name: string): string {
  if (shape.length !== 5) return name;
  const [batch, blocks, height, width, block] = shape;
  const apart = builder.node("Reshape", [
    name,
    builder.ints([batch!, blocks!, block!, height!, width!]),
  ]);
  return builder.node("Transpose", [apart], { perm: { ints: [0, 1, 3, 4, 2] } });
}
