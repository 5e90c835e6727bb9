import type { TypedArray } from "../../../tensor/dtype.ts";
import { SimdRows } from "./simd.ts";

/** Elements from which it is worth to make the vectors for {@link SimdRows}. */
const SIMD_FROM = 2 ** 13;
/** Elements of a block, which stay in a core's first cache. */
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
      // NaN is not at most the largest.
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

/** As {@link largestValue}, of an array that nobody changes: it is read once. */
export function knownLargestValue(data: TypedArray): number {
  const known = KNOWN.get(data);
  if (known !== undefined) return known;
  const largest = largestValue(data);
  KNOWN.set(data, largest);
  return largest;
}
