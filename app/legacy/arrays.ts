import { ArrayRecord } from "../array_record.ts";
import { NdArray, NUMPY_STYPE } from "../nd_array.ts";

/** The key under which Flower's older API says that there are no arrays, but how they would be serialised. */
const EMPTY_KEY = "_empty";

/**
 * Arrays as the older API reads them: in order, whatever their names. The names stay, for a peer of ours at the other
 * end; no arrays at all are said by one empty array.
 */
export function toLegacyArrays(arrays: ArrayRecord): ArrayRecord {
  if (arrays.size > 0) return arrays;
  const nothing = { dtype: "", shape: [], stype: NUMPY_STYPE, data: new Uint8Array() };
  return new ArrayRecord({ [EMPTY_KEY]: new NdArray(nothing) });
}

/** Arrays that came from the older API. @param names names for arrays that are only numbered, where as many */
export function fromLegacyArrays(arrays: ArrayRecord, names?: Iterable<string>): ArrayRecord {
  const real = [...arrays].filter(([name]) => name !== EMPTY_KEY);
  const record = new ArrayRecord(real);
  const given = names === undefined ? [] : [...names];
  const numbered = real.every(([name], i) => name === String(i));
  return numbered && given.length === real.length ? record.withNames(given) : record;
}
