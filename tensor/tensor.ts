import { FlwrError } from "../base/error.ts";
import { arrayConstructor, type DType, type DTypeData, itemSize } from "./dtype.ts";

/**
 * An n-dimensional array in C (row-major) order: plain data, so that it crosses a worker's boundary by structured
 * clone or transfer.
 */
export interface Tensor<D extends DType = DType> {
  /** Type of the numbers. */
  readonly dtype: D;
  /** Lengths of the axes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** The elements: as many as the product of the shape. */
  readonly data: DTypeData[D];
}

/** How many elements a shape has: the product of its axes, 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/**
 * Makes a tensor from a shape and data, which are not copied.
 *
 * @throws FlwrError "invalid-argument" when the shape does not hold as many elements as there are
 */
export function tensor<D extends DType>(
  dtype: D,
  shape: readonly number[],
  data: DTypeData[D],
): Tensor<D> {
  if (shape.some((axis) => !Number.isSafeInteger(axis) || axis < 0)) {
    throw new FlwrError("invalid-argument", `Shape [${shape}] has an axis that is not a length`);
  }
  if (elementCount(shape) !== data.length) {
    throw new FlwrError(
      "invalid-argument",
      `Shape [${shape}] needs ${elementCount(shape)} elements: got ${data.length}`,
    );
  }
  return { dtype, shape: [...shape], data };
}

/** A tensor of zeros. */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
  return tensor(dtype, shape, new (arrayConstructor(dtype))(elementCount(shape)));
}

/** The tensor's bytes in the machine's order (little endian on every machine that Deno runs on), not copied. */
export function tensorBytes(tensor: Tensor): Uint8Array {
  const { buffer, byteOffset, length } = tensor.data;
  return new Uint8Array(buffer, byteOffset, length * itemSize(tensor.dtype));
}
