import { reshape, transpose } from "./movement.ts";
import type { Value } from "./value.ts";

/** The shape of images in blocks of channels in memory. */
export type Blocked = readonly [
  batch: number,
  blocks: number,
  height: number,
  width: number,
  block: number,
];

/**
 * The shape of images in blocks of channels, [batch, channels / block, height, width, block]. Images with fewer
 * channels than a block, or without a block, keep their shape.
 */
export function blockedShape(shape: readonly number[], block: number | undefined): number[] {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  return block === undefined || channels < block
    ? [...shape]
    : [batch, channels / block, height, width, block];
}

/** The shape [batch, channels, height, width] of images that can be in blocks. */
export function imageShape(shape: readonly number[]): number[] {
  if (shape.length !== 5) return [...shape];
  const [batch, blocks, height, width, block] = shape as unknown as Blocked;
  return [batch, blocks * block, height, width];
}

/** Reorders images [batch, channels, height, width] into blocks of channels. */
export function toBlocks(x: Value, block: number): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const apart = reshape(x, [batch, channels / block, block, height, width]);
  return transpose(apart, [0, 1, 3, 4, 2]);
}

/** Reorders images in blocks of channels to [batch, channels, height, width]; returns other images unchanged. */
export function fromBlocks(x: Value): Value {
  if (x.shape.length !== 5) return x;
  return reshape(transpose(x, [0, 1, 4, 2, 3]), imageShape(x.shape));
}

/** The argument of {@link fromBlocks}, if it created this value. */
export function blocksBehind(value: Value): Value | undefined {
  const moved = value.primitive === "reshape" ? value.inputs[0]! : undefined;
  if (moved?.primitive !== "transpose" || moved.shape.length !== 5) return undefined;
  const fits = moved.attributes.permutation.join() === "0,1,4,2,3" &&
    value.shape.join() === imageShape(moved.inputs[0]!.shape).join();
  return fits ? moved.inputs[0] : undefined;
}
