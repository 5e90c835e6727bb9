import type { TypedArray } from "../../../tensor/dtype.ts";
import { SimdRows } from "./simd.ts";

/** Number of elements from which creating vectors for {@link SimdRows} pays off. */
const SIMD_FROM = 2 ** 13;
/** Number of elements of a block, which stays in a core's L1 cache. */
const BLOCK = 4096;
const SCRATCH = new SimdRows(1, BLOCK);

/** The largest absolute value of an array; NaN or Infinity if an element is not finite; 0 without elements. */
export function largestValue(data: TypedArray): number {
  let largest = 0;
  let start = 0;
  if (data instanceof Float32Array && data.length >= SIMD_FROM) {
    const [row] = SCRATCH.rows as [Float32Array];
    for (; start + BLOCK <= data.length; start += BLOCK) {
      row.set(data.subarray(start, start + BLOCK));
      const value = SCRATCH.largest(0, BLOCK);
      // Written so that NaN also passes this test.
      if (!(value <= largest)) largest = value;
      if (Number.isNaN(largest)) return NaN;
    }
  }
  for (let i = start; i < data.length; i++) {
    const value = Math.abs(Number(data[i]!));
    if (!(value <= largest)) largest = value;
    if (Number.isNaN(largest)) return NaN;
  }
  return largest;
}

const KNOWN = new WeakMap<TypedArray, number>();

/** Like {@link largestValue}, for an array that never changes, so it is read only once. */
export function knownLargestValue(data: TypedArray): number {
  const known = KNOWN.get(data);
  if (known !== undefined) return known;
  const largest = largestValue(data);
  KNOWN.set(data, largest);
  return largest;
}
