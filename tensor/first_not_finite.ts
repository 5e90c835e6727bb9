import type { TypedArray } from "./dtype.ts";

/** The index of the first NaN or infinity; undefined if all elements are finite, as integers are. */
export function firstNotFinite(data: TypedArray): number | undefined {
  return firstBeyond(data, Number.MAX_VALUE);
}

/**
 * The index of the first element that is NaN or whose absolute value exceeds a limit; undefined if there is none.
 *
 * @param largest the limit, a finite number
 */
export function firstBeyond(data: TypedArray, largest: number): number | undefined {
  return firstOutside(data, -largest, largest);
}

/**
 * The index of the first element that is NaN or outside of a range; undefined if there is none.
 *
 * @param least the smallest number of the range, finite
 * @param greatest the largest number of the range, finite
 */
export function firstOutside(
  data: TypedArray,
  least: number,
  greatest: number,
): number | undefined {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return firstBigOutside(data, least, greatest);
  }
  // A plain loop of comparisons. `findIndex` takes ten times as long, and so does `Number.isFinite` if the compiler
  // inlines this loop into its caller. NaN is not below any number.
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!(value <= greatest && value >= least)) return i;
  }
  return undefined;
}

/** Separate from the other types, because a loop over both numbers and bigints is slow for both. */
function firstBigOutside(
  data: BigInt64Array | BigUint64Array,
  least: number,
  greatest: number,
): number | undefined {
  if (greatest >= 2 ** 64 && least <= -(2 ** 63)) return undefined;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value > greatest || value < least) return i;
  }
  return undefined;
}
