import type { TypedArray } from "./dtype.ts";

/** The index of the first NaN or infinity; undefined where all are finite, as integers are. */
export function firstNotFinite(data: TypedArray): number | undefined {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return undefined;
  // A plain loop: `findIndex` takes ten times as long.
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) return i;
  }
  return undefined;
}
