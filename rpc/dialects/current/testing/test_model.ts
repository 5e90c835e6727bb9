import { ArrayRecord } from "../../../../app/array_record.ts";
import { NdArray } from "../../../../app/nd_array.ts";

/** Creates a model of several different arrays. */
export function testModel(arrays: number, seed: number, length = 1000): ArrayRecord {
  return new ArrayRecord(Object.fromEntries(Array.from({ length: arrays }, (_, place) => {
    const data = new Uint8Array(length).map((_, at) => (seed + place + (at >> 8)) % 251);
    data[0] = place;
    data[1] = seed;
    return [
      `${place}`,
      new NdArray({ dtype: "uint8", shape: [length], stype: "numpy.ndarray", data }),
    ];
  })));
}
