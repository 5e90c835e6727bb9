import { arrayConstructor, type DType, type DTypeData, itemSize } from "../../tensor/dtype.ts";
import { type Tensor, tensor, tensorBytes } from "../../tensor/tensor.ts";

/**
 * An array of zeros in memory that threads share. Training uses such arrays without a copy; other arrays are copied
 * once for the training thread.
 */
export function sharedArray<D extends DType>(dtype: D, length: number): DTypeData[D] {
  return new (arrayConstructor(dtype))(new SharedArrayBuffer(length * itemSize(dtype)), 0, length);
}

/** A copy of a tensor in memory that threads share. */
export function sharedCopy(original: Tensor): Tensor {
  const copy = tensor(
    original.dtype,
    original.shape,
    sharedArray(original.dtype, original.data.length),
  );
  tensorBytes(copy).set(tensorBytes(original));
  return copy;
}
