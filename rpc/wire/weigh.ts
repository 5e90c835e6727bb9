import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import { WireType } from "./records.ts";
import { readVarint32, skipVarint } from "./varint.ts";

// The cost of decoding a message depends on its fields, not its bytes: an array of 5 MiB is one view, but 5 MiB of
// empty fields take a second and a gigabyte. So this pass counts the fields first. It stops at the limit and skips
// strings and bytes. It is stricter than protobuf: each field must have its declared wire type and end within its
// message, because otherwise it could count other fields than the decoder reads.

/** Cost of decoding one part, in units of about 0.2 µs. */
const COST = {
  /** Tag and value of any field. */
  field: 1,
  /** A message in a field. */
  message: 1,
  /** A number in a packed list: a bigint, and any other kind. */
  bigint: 1 / 4,
  number: 1 / 16,
} as const;
/** Bytes of text that cost one unit. */
const TEXT_BYTES_PER_UNIT = 64;
/** Messages in messages: the decoder's own limit. */
export const MAX_MESSAGE_DEPTH = 100;

/** Type of a field's content. */
interface Kind {
  readonly wireType: number;
  /** Fields of the message in the field. */
  readonly message?: Kinds;
  readonly text?: true;
  /** For a list of numbers, which may be packed: the numbers' wire type, and the cost of each. */
  readonly packed?: { readonly wireType: number; readonly cost: number };
}

type Kinds = Map<number, Kind>;

const known = new WeakMap<DescMessage, Kinds>();

/**
 * Estimates the cost of decoding a message, up to a limit.
 *
 * @param most units of about 0.2 µs; one for a field, two for a message, one for 64 bytes of text
 * @param depth levels from the whole to this message: 1 for the whole
 * @returns the units; `most` or less for a message that may be decoded, more as soon as they are more
 * @throws FlwrError "invalid-argument" for bytes that are no such message
 */
export function weigh(schema: DescMessage, bytes: Uint8Array, most: number, depth = 1): number {
  return new Scales(bytes, most).message(kindsOf(schema), 0, bytes.length, depth);
}

class Scales {
  readonly #bytes: Uint8Array;
  readonly #most: number;
  #units = 0;

  constructor(bytes: Uint8Array, most: number) {
    this.#bytes = bytes;
    this.#most = most;
  }

  message(kinds: Kinds, start: number, end: number, depth: number): number {
    if (depth > MAX_MESSAGE_DEPTH) throw malformed(start);
    const bytes = this.#bytes;
    let groups = 0;
    for (let at = start; at < end && this.#units <= this.#most;) {
      const afterTag = skipVarint(bytes, at);
      const tag = readVarint32(bytes, at, afterTag);
      const wireType = tag & 7;
      if (tag === Infinity || tag < 8) throw malformed(at);
      this.#units += COST.field;
      // Our messages have no groups, so groups and their content are unknown fields.
      if (wireType === WireType.Start) {
        if (++groups > MAX_MESSAGE_DEPTH) throw malformed(at);
        at = afterTag;
        continue;
      }
      if (wireType === WireType.End) {
        if (--groups < 0) throw malformed(at);
        at = afterTag;
        continue;
      }
      const from = wireType === WireType.Bytes ? skipVarint(bytes, afterTag) : afterTag;
      const next = this.#endOf(wireType, afterTag, from);
      if (next > end) throw malformed(at);
      const kind = groups === 0 ? kinds.get(tag >>> 3) : undefined;
      if (kind !== undefined) this.#field(kind, wireType, from, next, depth);
      at = next;
    }
    if (groups > 0 && this.#units <= this.#most) throw malformed(end);
    return this.#units;
  }

  #field(kind: Kind, wireType: number, from: number, end: number, depth: number): void {
    const { message, packed } = kind;
    if (packed !== undefined && wireType === WireType.Bytes) {
      this.#units += packed.cost * this.#numbers(packed.wireType, from, end);
      return;
    }
    if (wireType !== kind.wireType) throw malformed(from);
    if (kind.text) this.#units += (end - from) / TEXT_BYTES_PER_UNIT;
    if (message === undefined) return;
    this.#units += COST.message;
    this.message(message, from, end, depth + 1);
  }

  #endOf(wireType: number, afterTag: number, from: number): number {
    switch (wireType) {
      case WireType.Varint:
        return skipVarint(this.#bytes, afterTag);
      case WireType.Fixed64:
        return from + 8;
      case WireType.Fixed32:
        return from + 4;
      case WireType.Bytes:
        return from + readVarint32(this.#bytes, afterTag, from);
      default:
        throw malformed(afterTag);
    }
  }

  /**
   * Number of numbers in a packed list. Each varint counts as one byte long, because counting them exactly would read
   * all of them.
   */
  #numbers(wireType: number, from: number, end: number): number {
    const length = end - from;
    if (wireType === WireType.Varint) {
      if (length > 0 && this.#bytes[end - 1]! >= 0x80) throw malformed(end);
      return length;
    }
    const size = wireType === WireType.Fixed64 ? 8 : 4;
    if (length % size !== 0) throw malformed(from);
    return length / size;
  }
}

function kindsOf(schema: DescMessage): Kinds {
  const found = known.get(schema);
  if (found !== undefined) return found;
  const kinds: Kinds = new Map();
  // Set before its fields are read, because a message may contain itself.
  known.set(schema, kinds);
  for (const field of schema.fields) kinds.set(field.number, kindOf(field));
  return kinds;
}

function kindOf(field: DescField): Kind {
  if (field.fieldKind === "map") {
    const entry: Kinds = new Map([
      [1, kindOfScalar(field.mapKey)],
      [2, field.mapKind === "message" ? kindOfMessage(field.message) : kindOfScalar(field.scalar)],
    ]);
    return { wireType: WireType.Bytes, message: entry };
  }
  if (field.message !== undefined) return kindOfMessage(field.message);
  const kind = kindOfScalar(field.scalar);
  if (field.fieldKind !== "list" || kind.wireType === WireType.Bytes) return kind;
  const cost = is64Bit(field.scalar) ? COST.bigint : COST.number;
  return { ...kind, packed: { wireType: kind.wireType, cost } };
}

function kindOfMessage(message: DescMessage): Kind {
  return { wireType: WireType.Bytes, message: kindsOf(message) };
}

/** @param scalar undefined for an enum */
function kindOfScalar(scalar: ScalarType | undefined): Kind {
  switch (scalar) {
    case ScalarType.STRING:
      return { wireType: WireType.Bytes, text: true };
    case ScalarType.BYTES:
      return { wireType: WireType.Bytes };
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return { wireType: WireType.Fixed64 };
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return { wireType: WireType.Fixed32 };
    default:
      return { wireType: WireType.Varint };
  }
}

/** Whether a number is a 64-bit integer, which becomes a bigint. */
function is64Bit(scalar: ScalarType | undefined): boolean {
  switch (scalar) {
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return true;
    default:
      return false;
  }
}

function malformed(at: number): FlwrError {
  return new FlwrError("invalid-argument", `Malformed protobuf: no field at byte ${at}`);
}
