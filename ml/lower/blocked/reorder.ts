import { imageShape } from "../../graph/blocks.ts";
import type { GraphBuilder } from "../../onnx/graph_builder.ts";
import type { Pattern } from "../tile.ts";
import { asBlocks } from "./operators.ts";

/**
 * Reorders images in blocks, whose shape is known as [batch, channels, height, width], to that order or to one with the
 * channels innermost. The Reshape in front repeats the shape because the check of models (`blocked_nodes.ts`) compares
 * it with the channels.
 */
export function reorderOutput(
  builder: GraphBuilder,
  name: string,
  shape: readonly number[],
  channelsLast = false,
): string {
  return builder.node("com.microsoft.nchwc.ReorderOutput", [
    builder.node("Reshape", [name, builder.ints(shape)]),
  ], {
    channels: { int: shape[1]! },
    ...channelsLast ? { channels_last: { int: 1 } } : {},
  });
}

/** Reorders images, in blocks or not, to [batch, height, width, channels]. */
export function channelsLast(
  builder: GraphBuilder,
  shape: readonly number[],
  name: string,
): string {
  const [batch, channels, height, width] = imageShape(shape) as [number, number, number, number];
  if (shape.length !== 5) {
    return builder.node("Transpose", [name], { perm: { ints: [0, 2, 3, 1] } });
  }
  // A single block is that already.
  if (shape[1] === 1) {
    return builder.node("Reshape", [name, builder.ints([batch, height, width, channels])]);
  }
  return reorderOutput(builder, name, imageShape(shape), true);
}

/** Reorders images in blocks to [channels, batch, height, width]. */
export function channelsFirst(
  builder: GraphBuilder,
  [batch, blocks, height, width, block]: readonly number[],
  name: string,
): string {
  // Blocks as the batch and the batch as part of the rows, out of blocks, are that.
  const swapped = blocks === 1 ? name : builder.node("Transpose", [
    builder.node("Reshape", [name, builder.ints([batch!, blocks!, height! * width! * block!])]),
  ], { perm: { ints: [1, 0, 2] } });
  return builder.node("Reshape", [
    reorderOutput(builder, swapped, [blocks!, block!, batch! * height!, width!]),
    builder.ints([blocks! * block!, batch!, height!, width!]),
  ]);
}

/** Lowers transposes into and out of blocks of `block` channels to the operators made for it, which use all threads. */
export const reorderPattern = (block: number): Pattern => (value) => {
  if (value.primitive !== "transpose" || value.dtype !== "float32") return undefined;
  const { attributes: { permutation }, inputs: [x], shape } = value;
  const order = permutation.join();
  if (order === "0,1,3,4,2" && shape[4] === block) {
    return {
      inputs: [x!],
      emit: (builder, [name]) =>
        asBlocks(
          builder,
          shape,
          builder.node("com.microsoft.nchwc.ReorderInput", [
            builder.node("Reshape", [name!, builder.ints(imageShape(shape))]),
          ]),
        ),
    };
  }
  if (order !== "0,1,4,2,3" || x!.shape[4] !== block) return undefined;
  return {
    inputs: [x!],
    emit: (builder, [name]) =>
      builder.node("Reshape", [
        reorderOutput(builder, name!, imageShape(x!.shape)),
        builder.ints(shape),
      ]),
  };
};
