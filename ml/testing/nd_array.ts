import { elementCount } from "../../tensor/tensor.ts";

/** An array of float64, whatever dtype it represents: the reference against which rounding is measured. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** An array filled by the flat position. */
export function ndArray(shape: readonly number[], at: (flat: number) => number): NdArray {
  return { shape, data: Float64Array.from({ length: elementCount(shape) }, (_, i) => at(i)) };
}

/** Distance between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
}

/** Flat position → position along each axis. */
export function positionOf(flat: number, shape: readonly number[]): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(flat / stride) % shape[axis]!);
}

/** Position along each axis → flat position; axes of length 1 broadcast, missing leading axes are ignored. */
export function flatAt(position: readonly number[], shape: readonly number[]): number {
  const lead = position.length - shape.length;
  return stridesOf(shape).reduce(
    (flat, stride, axis) => flat + (shape[axis] === 1 ? 0 : position[axis + lead]! * stride),
    0,
  );
}

/** An array filled by the position along each axis. */
export function fromPositions(
  shape: readonly number[],
  at: (position: readonly number[]) => number,
): NdArray {
  return ndArray(shape, (flat) => at(positionOf(flat, shape)));
}

/** The element at a position, with numpy's broadcasting. */
export function pick({ shape, data }: NdArray, position: readonly number[]): number {
  return data[flatAt(position, shape)]!;
}
