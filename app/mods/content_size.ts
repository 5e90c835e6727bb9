import { elementCount } from "../../tensor/tensor.ts";
import type { ArrayRecord } from "../array_record.ts";
import { type AnyRecord, isArrayRecord, type RecordDict } from "../record_dict.ts";
import type { TypedConfigValue } from "../typed_value.ts";

/** Bytes of a number, as Flower counts them. */
const NUMBER_BYTES = 8;

/** Number of elements and bytes of an ArrayRecord. */
export interface ArraysSize {
  /** Number of elements of all arrays. */
  readonly elements: number;
  /** Length of the serialised arrays and of their names. */
  readonly bytes: number;
}

/** Size of all records in bytes, as Flower's `count_bytes` gives it: values and names, without the message's framing. */
export function contentBytes(content: RecordDict): number {
  return content.values().reduce((sum, record) => sum + recordBytes(record), 0);
}

/** Size of an ArrayRecord. Arrays without a declared shape are decoded. @throws FlwrError if such an array is invalid */
export function arraysSize(record: ArrayRecord): ArraysSize {
  let elements = 0;
  for (const array of record.values()) {
    const { shape } = array.shape.length > 0 ? array : array.viewTensor();
    elements += elementCount(shape);
  }
  return { elements, bytes: recordBytes(record) };
}

function recordBytes(record: AnyRecord): number {
  if (isArrayRecord(record)) {
    return [...record].reduce((sum, [name, { data }]) => sum + [...name].length + data.length, 0);
  }
  let bytes = 0;
  for (const [name, { type, value }] of record.typedEntries()) {
    bytes += [...name].length;
    const values = type.endsWith("[]") ? value as readonly Single[] : [value as Single];
    for (const single of values) bytes += valueBytes(single);
  }
  return bytes;
}

type Single = Exclude<TypedConfigValue["value"], readonly unknown[]>;

/** Lengths of texts are in characters, as in Python. */
function valueBytes(value: Single): number {
  if (typeof value === "boolean") return 1;
  if (typeof value === "string") return [...value].length;
  return value instanceof Uint8Array ? value.length : NUMBER_BYTES;
}
