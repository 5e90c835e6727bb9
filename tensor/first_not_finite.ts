import type { TypedArray } from "./dtype.ts";

/** The index of the first NaN or infinity; undefined where all are finite, as integers are. */
export function firstNotFinite(data: TypedArray): number | undefined {
  return firstBeyond(data, Number.MAX_VALUE);
}

/**
 * The index of the first element that is NaN or has an absolute value above a limit; undefined where there is none.
 *
 * @param largest the limit, a finite number
 */
export function firstBeyond(data: TypedArray, largest: number): number | undefined {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return firstBigBeyond(data, largest);
  }
  // A plain loop of comparisons: `findIndex` takes ten times as long, and so does a call of `Number.isFinite` where the
  // compiler takes this loop into its caller. NaN is not below any number.
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!(value <= largest && value >= -largest)) return i;
  }
  return undefined;
}

/** Apart from the other types: a loop that sees numbers and bigints compares both slowly. */
function firstBigBeyond(data: BigInt64Array | BigUint64Array, largest: number): number | undefined {
  if (largest >= 2 ** 64) return undefined;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value > largest || value < -largest) return i;
  }
  return undefined;
}
