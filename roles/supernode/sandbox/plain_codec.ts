import { FlwrError } from "../../../base/error.ts";
import { BODY_ALIGNMENT } from "./limits.ts";

/** A value as text, and the byte arrays that it holds, each with its place in the frame's body. */
export interface EncodedValue {
  readonly text: Uint8Array;
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  readonly bodyLength: number;
}

/** What JSON cannot say, as an object with one of these names: no object of ours has them. */
const TAGS = { bytes: "$bytes", bigint: "$bigint", number: "$number" } as const;

/**
 * A value of plain objects, lists, texts, numbers, bigints and byte arrays as JSON. Fields that are undefined are left
 * out.
 */
export function encodeValue(value: unknown): EncodedValue {
  const parts: { offset: number; bytes: Uint8Array }[] = [];
  let end = 0;
  const text = JSON.stringify(value, (_, field: unknown) => {
    if (typeof field === "bigint") return { [TAGS.bigint]: String(field) };
    if (typeof field === "number" && (!Number.isFinite(field) || Object.is(field, -0))) {
      return { [TAGS.number]: Object.is(field, -0) ? "-0" : String(field) };
    }
    if (!(field instanceof Uint8Array)) return field;
    const offset = Math.ceil(end / BODY_ALIGNMENT) * BODY_ALIGNMENT;
    parts.push({ offset, bytes: field });
    end = offset + field.length;
    return { [TAGS.bytes]: [offset, field.length] };
  });
  return { text: new TextEncoder().encode(text), parts, bodyLength: end };
}

/**
 * The value of {@link encodeValue}. Byte arrays lie in the body, without a copy.
 *
 * @throws FlwrError "invalid-argument" when the text is no such value, or places bytes outside of the body
 */
export function decodeValue(text: Uint8Array, body: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text), (_, field) => {
      return isObject(field) ? restore(field, body) : field;
    });
  } catch (cause) {
    if (cause instanceof FlwrError) throw cause;
    throw new FlwrError("invalid-argument", "A frame's text is not readable", { cause });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function restore(field: Record<string, unknown>, body: ArrayBuffer): unknown {
  const [tag, ...more] = Object.keys(field);
  if (tag === undefined || more.length > 0) return field;
  const value = field[tag];
  switch (tag) {
    case TAGS.bigint:
      if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt(value);
      throw malformed();
    case TAGS.number:
      if (value === "NaN" || value === "-0" || value === "Infinity" || value === "-Infinity") {
        return Number(value);
      }
      throw malformed();
    case TAGS.bytes: {
      const [offset, length] = Array.isArray(value) ? value as unknown[] : [];
      if (!isCount(offset) || !isCount(length) || offset + length > body.byteLength) {
        throw malformed();
      }
      return new Uint8Array(body, offset, length);
    }
    default:
      return field;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function malformed(): FlwrError {
  return new FlwrError("invalid-argument", "A frame holds a value that is none");
}
