import { FlwrError } from "../../base/error.ts";
import { BODY_ALIGNMENT } from "./limits.ts";
import { ByteRun } from "./record_columns.ts";

/** How deep the value in a frame's text may be nested: ours is 5 levels deep. */
export const MAX_DEPTH = 16;

/** A value as text, and the byte arrays that it holds, each with its place in the frame's body. */
export interface EncodedValue {
  readonly text: Uint8Array;
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  readonly bodyLength: number;
}

/** What JSON cannot say, as an object with one of these names: no object of ours has them. */
const TAGS = { bytes: "$bytes", bigint: "$bigint", number: "$number" } as const;

const TAGGED: ReadonlySet<string> = new Set(Object.values(TAGS));

/**
 * A value of plain objects, lists, texts, numbers, bigints and byte arrays as JSON. Fields that are undefined are left
 * out. A {@link ByteRun} arrives as one byte array.
 */
export function encodeValue(value: unknown): EncodedValue {
  const parts: { offset: number; bytes: Uint8Array }[] = [];
  let end = 0;
  const place = (bytes: Uint8Array) => {
    const offset = aligned(end);
    parts.push({ offset, bytes });
    end = offset + bytes.length;
    return offset;
  };
  const text = JSON.stringify(value, (_, field: unknown) => {
    if (typeof field === "bigint") return { [TAGS.bigint]: String(field) };
    if (typeof field === "number" && (!Number.isFinite(field) || Object.is(field, -0))) {
      return { [TAGS.number]: Object.is(field, -0) ? "-0" : String(field) };
    }
    if (field instanceof Uint8Array) return { [TAGS.bytes]: [place(field), field.length] };
    if (!(field instanceof ByteRun)) return field;
    const [start = 0] = field.parts.map(place);
    return { [TAGS.bytes]: [start, field.parts.length === 0 ? 0 : end - start] };
  });
  return { text: new TextEncoder().encode(text), parts, bodyLength: end };
}

function aligned(offset: number): number {
  return Math.ceil(offset / BODY_ALIGNMENT) * BODY_ALIGNMENT;
}

/**
 * A frame's text as JSON says it; {@link restoreValue} makes the value of it.
 *
 * It costs time by its length, which the caller bounds: 256 KiB of empty lists take a few milliseconds. JSON.parse's own
 * reviver would take fifty times as long.
 *
 * @throws FlwrError "invalid-argument" when it is not JSON in UTF-8
 */
export function parseText(text: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (cause) {
    throw new FlwrError("invalid-argument", "A frame's text is not readable", { cause });
  }
}

/**
 * The value of {@link encodeValue}, from its text as JSON, which is changed. Byte arrays lie in the body, without a copy.
 *
 * @param body undefined: it was not read, byte arrays are empty
 * @throws FlwrError "invalid-argument" when it is no such value, is nested too deep, or places bytes outside of the body
 */
export function restoreValue(parsed: unknown, body: ArrayBuffer | undefined): unknown {
  return restored(parsed, body, MAX_DEPTH);
}

function restored(value: unknown, body: ArrayBuffer | undefined, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) throw malformed();
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const element: unknown = value[index];
      if (typeof element === "object" && element !== null) {
        value[index] = restored(element, body, depth - 1);
      }
    }
    return value;
  }
  const fields = value as Record<string, unknown>;
  const names = Object.keys(fields);
  if (names.length === 1 && TAGGED.has(names[0]!)) return restore(names[0]!, fields, body);
  for (const name of names) {
    const field = fields[name];
    if (typeof field !== "object" || field === null) continue;
    const put = restored(field, body, depth - 1);
    // The name of the prototype is one like any other: assigning to it would be something else.
    if (put !== field) Object.defineProperty(fields, name, { ...PLAIN, value: put });
  }
  return value;
}

const PLAIN = { configurable: true, enumerable: true, writable: true } as const;

function restore(
  tag: string,
  field: Record<string, unknown>,
  body: ArrayBuffer | undefined,
): unknown {
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
      if (body === undefined) return new Uint8Array(0);
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
  return new FlwrError("invalid-argument", "A frame holds an invalid value");
}
