import { FlwrError } from "../../base/error.ts";
import { isShortest, readVarint32, skipVarint } from "./varint.ts";

/** Encodings of a field's value (protobuf encoding guide, "message structure"). */
export const WireType = { Varint: 0, Fixed64: 1, Bytes: 2, Start: 3, End: 4, Fixed32: 5 } as const;

/** One field of an encoded message. All views are of the message's bytes. */
export interface WireRecord {
  readonly number: number;
  readonly wireType: number;
  /** The value: the bytes of a varint or fixed-size number, or the bytes after a length. */
  readonly value: Uint8Array;
  /** Tag, length and value. */
  readonly raw: Uint8Array;
  /** Whether tag and length have their shortest encoding. */
  readonly tight: boolean;
}

/** Iterates over a message's fields in the order of the wire. @throws FlwrError "invalid-argument" */
export function* records(bytes: Uint8Array): Generator<WireRecord> {
  for (let start = 0; start < bytes.length;) {
    const afterTag = skipVarint(bytes, start);
    const tag = readVarint32(bytes, start, afterTag);
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (tag === Infinity || number === 0) throw malformed(start);
    let tight = isShortest(bytes, start, afterTag);
    let from = afterTag;
    if (wireType === WireType.Bytes) {
      from = skipVarint(bytes, afterTag);
      tight &&= isShortest(bytes, afterTag, from);
    }
    const end = endOfValue(bytes, number, wireType, afterTag, from);
    if (end > bytes.length) throw malformed(start);
    yield {
      number,
      wireType,
      value: bytes.subarray(from, end),
      raw: bytes.subarray(start, end),
      tight,
    };
    start = end;
  }
}

function endOfValue(
  bytes: Uint8Array,
  number: number,
  wireType: number,
  afterTag: number,
  from: number,
): number {
  switch (wireType) {
    case WireType.Varint:
      return skipVarint(bytes, afterTag);
    case WireType.Fixed64:
      return from + 8;
    case WireType.Fixed32:
      return from + 4;
    case WireType.Bytes:
      return from + readVarint32(bytes, afterTag, from);
    case WireType.Start:
      return endOfGroup(bytes, number, from);
    default:
      throw malformed(afterTag);
  }
}

/** Our messages have no groups (proto2), but unknown fields may be groups. */
function endOfGroup(bytes: Uint8Array, number: number, start: number): number {
  const open = [number];
  for (let at = start; open.length > 0;) {
    const afterTag = skipVarint(bytes, at);
    const tag = readVarint32(bytes, at, afterTag);
    const wireType = tag & 7;
    at = afterTag;
    if (wireType === WireType.Start) open.push(tag >>> 3);
    else if (wireType === WireType.End) {
      if (open.pop() !== tag >>> 3) throw malformed(at);
    } else {
      const from = wireType === WireType.Bytes ? skipVarint(bytes, at) : at;
      at = endOfValue(bytes, tag >>> 3, wireType, at, from);
    }
    start = at;
  }
  return start;
}

function malformed(at: number): FlwrError {
  return new FlwrError("invalid-argument", `Malformed protobuf: no field at byte ${at}`);
}
