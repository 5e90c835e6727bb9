import { FlwrError } from "../base/error.ts";
import { arrayConstructor, type DType, type DTypeData, itemSize } from "./dtype.ts";

/**
 * An n-dimensional array in C (row-major) order. It is plain data, which structured clone or transfer can send to a
 * worker.
 */
export interface Tensor<D extends DType = DType> {
  /** Type of the numbers. */
  readonly dtype: D;
  /** Lengths of the axes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** The elements: as many as the product of the shape. */
  readonly data: DTypeData[D];
}

/** Number of elements of a shape: the product of its axes, 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/**
 * Creates a tensor from a shape and data, which are not copied.
 *
 * @throws FlwrError "invalid-argument" when the data do not have as many elements as the shape
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

/** Creates a tensor of zeros. */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
  return tensor(dtype, shape, new (arrayConstructor(dtype))(elementCount(shape)));
}

/** A view of the tensor's bytes, in the machine's byte order (little endian on all machines that Deno supports). */
export function tensorBytes(tensor: Tensor): Uint8Array {
  const { buffer, byteOffset, length } = tensor.data;
  return new Uint8Array(buffer, byteOffset, length * itemSize(tensor.dtype));
}
