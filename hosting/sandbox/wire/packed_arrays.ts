import type { PlainRecordDict } from "../../../app/transferable.ts";
import { mapArrays } from "./shared_arrays.ts";

/** Bytes of arrays from which a buffer of their own is faster than copying them with the message. */
const PACKED_FROM = 4096;
/** Arrays begin at multiples of this number of bytes, as the elements of a .npy file do. */
const ALIGNMENT = 64;

/**
 * The same records, with their arrays in one new buffer, which can be transferred to another thread. The app may keep
 * and change its own arrays.
 *
 * @returns the records, and the buffer; none for records with small arrays only
 */
export function packArrays(
  records: PlainRecordDict,
): { readonly records: PlainRecordDict; readonly buffer?: ArrayBuffer } {
  let bytes = 0;
  mapArrays(records, (data) => {
    bytes += aligned(data.byteLength);
    return data;
  });
  if (bytes < PACKED_FROM) return { records };
  const buffer = new ArrayBuffer(bytes);
  let start = 0;
  const packed = mapArrays(records, (data) => {
    const copy = new Uint8Array(buffer, start, data.byteLength);
    copy.set(data);
    start += aligned(data.byteLength);
    return copy;
  });
  return { records: packed, buffer };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
