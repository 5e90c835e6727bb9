import { FlwrError } from "../../base/error.ts";
import { sha256 } from "../../base/platform.ts";
import {
  type PlainRecord,
  type PlainRecordDict,
  recordDictFromPlain,
  recordDictToPlain,
} from "../transferable.ts";
import type { RecordDict } from "../record_dict.ts";

// A checkpoint's bytes, in this order. Numbers are little-endian.
//   8  "flwrckpt"
//   4  version of this format
//   4  length n of the table
//   n  the table: records, names, types and numbers, as JSON in UTF-8
//      the bytes of arrays and of settings of type bytes, one after the other
//  32  SHA-256 of everything before

const MAGIC = new TextEncoder().encode("flwrckpt");
const VERSION = 1;
const HEAD_BYTES = 16;
const HASH_BYTES = 32;

/** Stands for bytes in the table. They follow the table. */
interface BytesLength {
  readonly bytes: number;
}

/**
 * Encodes records with all their bits: doubles, integers of 64 bits and arrays are read back exactly. They are copied
 * before the call returns, so the caller may change them.
 *
 * @returns the bytes, with a checksum
 */
export async function encodeRecords(records: RecordDict): Promise<Uint8Array<ArrayBuffer>> {
  const blobs: Uint8Array[] = [];
  const entries = recordDictToPlain(records)
    .map(([name, record]) => `[${JSON.stringify(name)},${textOf(record, blobs)}]`);
  const table = new TextEncoder().encode(`[${entries.join()}]`);
  const bodyBytes = blobs.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(HEAD_BYTES + table.length + bodyBytes + HASH_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, table.length, true);
  bytes.set(table, HEAD_BYTES);
  let end = HEAD_BYTES + table.length;
  for (const blob of blobs) {
    bytes.set(blob, end);
    end += blob.length;
  }
  bytes.set(await sha256(bytes.subarray(0, end)), end);
  return bytes;
}

/**
 * Decodes the bytes of {@link encodeRecords}. Arrays are views of the bytes.
 *
 * @throws FlwrError "data-loss" for damaged or truncated bytes; "failed-precondition" for another version of the format
 */
export async function decodeRecords(bytes: Uint8Array): Promise<RecordDict> {
  const end = bytes.length - HASH_BYTES;
  if (end < HEAD_BYTES || !startsWith(bytes, MAGIC)) throw damaged("it is not a checkpoint");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    throw new FlwrError(
      "failed-precondition",
      `The checkpoint has format ${version}, but this program reads format ${VERSION}`,
      { hints: ["Resume with the version of flwr that saved it"] },
    );
  }
  if (!startsWith(await sha256(bytes.subarray(0, end)), bytes.subarray(end))) {
    throw damaged("its checksum does not fit");
  }
  const tableEnd = HEAD_BYTES + view.getUint32(12, true);
  if (tableEnd > end) throw damaged("its table is longer than the file");
  try {
    const body = new Body(bytes.subarray(tableEnd, end));
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes.subarray(HEAD_BYTES, tableEnd));
    const plain: unknown = JSON.parse(text, (_, value) => fromJson(value, body));
    body.requireEnd();
    checkPlain(plain);
    return recordDictFromPlain(plain);
  } catch (cause) {
    if (cause instanceof FlwrError && cause.code === "data-loss") throw cause;
    throw damaged("its table cannot be read", cause);
  }
}

/**
 * A record as JSON; its bytes are added to the blobs. The history has records of a few numbers and texts for each round,
 * for which JSON needs no help: without the function for each value it is ten times as fast.
 */
function textOf(record: PlainRecord, blobs: Uint8Array[]): string {
  if (record.kind !== "arrays" && record.items.every(([, { value }]) => isSameInJson(value))) {
    return JSON.stringify(record);
  }
  return JSON.stringify(record, function (this: Record<string, unknown>, key) {
    // Not the second parameter: Node's Buffers turn themselves into JSON.
    return toJson(this[key], blobs);
  });
}

/** Whether a value is a text, a boolean, or a number that JSON has. */
function isSameInJson(value: unknown): boolean {
  return typeof value === "number"
    ? isExactInJson(value)
    : typeof value === "string" || typeof value === "boolean";
}

function toJson(value: unknown, blobs: Uint8Array[]): unknown {
  if (typeof value === "bigint") return { integer: String(value) };
  if (typeof value === "number" && !isExactInJson(value)) {
    return { double: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (!(value instanceof Uint8Array)) return value;
  blobs.push(value);
  return { bytes: value.length } satisfies BytesLength;
}

/** JSON has no −0, NaN and infinities. All other doubles are read back exactly. */
function isExactInJson(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

const DOUBLES = new Map([["-0", -0], ["NaN", NaN], ["Infinity", Infinity], [
  "-Infinity",
  -Infinity,
]]);

/** Reverses {@link toJson}. JSON.parse visits values in the order in which JSON.stringify wrote them. */
function fromJson(value: unknown, body: Body): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const [entry, ...more] = Object.entries(value);
  if (entry === undefined || more.length > 0) return value;
  const [kind, content] = entry;
  if (kind === "integer") return BigInt(content);
  if (kind === "bytes") return body.next(content);
  if (kind !== "double") return value;
  const double = DOUBLES.get(content);
  if (double === undefined) throw damaged("a number cannot be read");
  return double;
}

/** The bytes after the table, read one after the other. */
class Body {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(length: unknown): Uint8Array {
    const left = this.#bytes.length - this.#offset;
    if (!Number.isSafeInteger(length) || (length as number) < 0 || (length as number) > left) {
      throw damaged("its arrays are longer than the file");
    }
    const start = this.#offset;
    this.#offset += length as number;
    return this.#bytes.subarray(start, this.#offset);
  }

  requireEnd(): void {
    if (this.#offset !== this.#bytes.length) throw damaged("its arrays are shorter than the file");
  }
}

const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  double: (value) => typeof value === "number",
  sint64: (value) => typeof value === "bigint" && BigInt.asIntN(64, value) === value,
  uint64: (value) => typeof value === "bigint" && BigInt.asUintN(64, value) === value,
  bool: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  bytes: (value) => value instanceof Uint8Array,
};

/** Checks the structure of parsed records: `recordDictFromPlain` takes their types for granted. */
function checkPlain(plain: unknown): asserts plain is PlainRecordDict {
  for (const [name, record] of pairs(plain)) {
    const { kind, items } = record as { kind?: unknown; items?: unknown };
    if (kind !== "arrays" && kind !== "metrics" && kind !== "config") {
      throw damaged(`record "${name}" has an unknown kind`);
    }
    const isSound = kind === "arrays" ? isArray : isTyped;
    for (const [key, item] of pairs(items)) {
      if (!isSound(item as Record<string, unknown>)) {
        throw damaged(`value "${key}" of record "${name}" is malformed`);
      }
    }
  }
}

function pairs(value: unknown): [string, object][] {
  const sound = Array.isArray(value) &&
    value.every((pair) =>
      Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string" &&
      typeof pair[1] === "object" && pair[1] !== null
    );
  if (!sound) throw damaged("its table is malformed");
  return value as [string, object][];
}

function isArray({ dtype, shape, stype, data }: Record<string, unknown>): boolean {
  return typeof dtype === "string" && typeof stype === "string" && data instanceof Uint8Array &&
    Array.isArray(shape) && shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0);
}

function isTyped({ type, value }: Record<string, unknown>): boolean {
  if (typeof type !== "string") return false;
  const isScalar = Object.hasOwn(SCALARS, type.replace(/\[\]$/, ""))
    ? SCALARS[type.replace(/\[\]$/, "")]!
    : () => false;
  return type.endsWith("[]") ? Array.isArray(value) && value.every(isScalar) : isScalar(value);
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, place) => bytes[place] === byte);
}

function damaged(how: string, cause?: unknown): FlwrError {
  return new FlwrError("data-loss", `The checkpoint is damaged: ${how}`, {
    hints: ["Start a new run, without a checkpoint"],
    cause,
  });
}
