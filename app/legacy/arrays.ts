import { ArrayRecord } from "../array_record.ts";
import { NdArray, NUMPY_STYPE } from "../nd_array.ts";

/** The key with which Flower's older API marks an empty list of arrays. */
const EMPTY_KEY = "_empty";

/**
 * Converts arrays for the older API, which reads them in order and ignores names. The names stay, for a peer of ours at
 * the other end. An empty record becomes one empty array.
 */
export function toLegacyArrays(arrays: ArrayRecord): ArrayRecord {
  if (arrays.size > 0) return arrays;
  const nothing = { dtype: "", shape: [], stype: NUMPY_STYPE, data: new Uint8Array() };
  return new ArrayRecord({ [EMPTY_KEY]: new NdArray(nothing) });
}

/** Converts arrays from the older API. @param names names for numbered arrays, if their number matches */
export function fromLegacyArrays(arrays: ArrayRecord, names?: Iterable<string>): ArrayRecord {
  const real = [...arrays].filter(([name]) => name !== EMPTY_KEY);
  const record = new ArrayRecord(real);
  const given = names === undefined ? [] : [...names];
  const numbered = real.every(([name], i) => name === String(i));
  return numbered && given.length === real.length ? record.withNames(given) : record;
}
