import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { FlwrError } from "../../../base/error.ts";
import { records, type WireRecord, WireType } from "../../wire/records.ts";
import { Rope } from "../../wire/rope.ts";
import { wireTypeOfScalar } from "../../wire/scalar_type.ts";
import { isShortest, readVarint, skipVarint, writeVarint } from "../../wire/varint.ts";

/**
 * Returns the bytes that Flower 1.9 signs: Python's protobuf (upb, 4.25) reads the message and serializes it
 * deterministically. They differ from the bytes on the wire, because Python writes map entries in any order.
 *
 * - Fields are sorted by number. Unknown fields, and known ones in an unexpected encoding, follow in their original
 *   order.
 * - Zero numbers and empty texts are omitted, except in a oneof. The last of a repeated single value counts; repeated
 *   single messages are merged. Present messages are written even when empty.
 * - Lists of numbers are packed.
 * - Map entries are sorted by {@link compareKeys}, and always have a key and a value.
 * - Every number has its shortest encoding.
 *
 * Large payloads are not copied unless something before them changes. Bytes that are already canonical are returned
 * as they are.
 *
 * @param schema the message's type
 * @param bytes the message in any valid encoding
 * @throws FlwrError "invalid-argument" for bytes that are not a protobuf message, or nested too deeply
 */
export function canonicalBytes(schema: DescMessage, bytes: Uint8Array): Uint8Array {
  const canonical = canonicalMessage(schema, bytes, 0);
  return canonical.is(bytes) ? bytes : canonical.join();
}

const EMPTY = new Uint8Array();

/** Maximum depth of nested messages, as in protobuf's own readers. */
const MAX_DEPTH = 100;

/** One field's records while a message is read. */
interface FieldState {
  readonly field: DescField;
  /** Relevant records, in the order of the wire. */
  readonly records: WireRecord[];
}

function canonicalMessage(schema: DescMessage, bytes: Uint8Array, depth: number): Rope {
  if (depth > MAX_DEPTH) {
    throw new FlwrError("invalid-argument", `Message nested more than ${MAX_DEPTH} deep`);
  }
  const { known, unknown } = sortRecords(schema, bytes, depth);
  const out = new Rope();
  for (const state of known) appendField(out, state, depth);
  for (const raw of unknown) out.append(raw);
  return out;
}

function sortRecords(schema: DescMessage, bytes: Uint8Array, depth: number) {
  const byNumber = fieldsByNumber(schema);
  const states = new Map<number, FieldState>();
  const unknown: Uint8Array[] = [];
  for (const record of records(bytes)) {
    const field = byNumber.get(record.number);
    if (field === undefined || !accepts(field, record.wireType)) {
      unknown.push(record.raw);
      continue;
    }
    if (field.fieldKind === "map") {
      const parts = entryParts(field, record.value);
      if (parts.unknown.length > 0) {
        unknown.push(unknownEntry(field, parts, depth));
        continue;
      }
    }
    if (field.oneof !== undefined) {
      for (const other of field.oneof.fields) {
        if (other !== field) states.delete(other.number);
      }
    }
    const state = states.get(field.number);
    if (state === undefined) states.set(field.number, { field, records: [record] });
    else state.records.push(record);
  }
  const known = [...states.values()].sort((a, b) => a.field.number - b.field.number);
  return { known, unknown };
}

const tables = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsByNumber(schema: DescMessage): ReadonlyMap<number, DescField> {
  let table = tables.get(schema);
  if (table === undefined) {
    table = new Map(schema.fields.map((field) => [field.number, field]));
    tables.set(schema, table);
  }
  return table;
}

function appendField(out: Rope, { field, records }: FieldState, depth: number): void {
  const last = records.at(-1)!;
  switch (field.fieldKind) {
    case "map":
      return appendMap(out, field, records, depth);
    case "message": {
      const value = records.length === 1 ? last.value : concat(records.map(({ value }) => value));
      return appendBytes(
        out,
        field.number,
        canonicalMessage(field.message, value, depth + 1),
        last,
      );
    }
    case "list":
      if (field.listKind === "message") {
        for (const record of records) {
          const content = canonicalMessage(field.message, record.value, depth + 1);
          appendBytes(out, field.number, content, record);
        }
      } else if (wireTypeOfScalar(elementType(field)) === WireType.Bytes) {
        for (const record of records) appendBytes(out, field.number, ropeOf(record.value), record);
      } else {
        appendPacked(out, field, records);
      }
      return;
    default: {
      const value = canonicalScalar(elementType(field), last.value);
      const written = field.presence !== FeatureSet_FieldPresence.IMPLICIT ||
        !isDefault(last.wireType, value);
      if (written) appendRecord(out, field.number, last, value);
    }
  }
}

/** Appends a record with a length; unchanged content keeps its original bytes. */
function appendBytes(out: Rope, number: number, content: Rope, record?: WireRecord): void {
  if (record?.tight && content.is(record.value)) return out.append(record.raw);
  out.append(tagOf(number, WireType.Bytes));
  out.append(writeVarint(content.length));
  out.appendAll(content);
}

/** Appends a record of a single value; an unchanged value keeps its original bytes. */
function appendRecord(out: Rope, number: number, record: WireRecord, value: Uint8Array): void {
  if (record.wireType === WireType.Bytes) {
    return appendBytes(out, number, ropeOf(value), record);
  }
  if (record.tight && value === record.value) return out.append(record.raw);
  out.append(tagOf(number, record.wireType));
  out.append(value);
}

function appendPacked(out: Rope, field: DescField, records: readonly WireRecord[]): void {
  const type = elementType(field);
  const content = new Rope();
  for (const record of records) {
    if (record.wireType === WireType.Bytes) appendElements(content, type, record.value);
    else content.append(canonicalScalar(type, record.value));
  }
  if (content.length === 0) return;
  const [only] = records;
  const isPacked = records.length === 1 && only!.wireType === WireType.Bytes;
  appendBytes(out, field.number, content, isPacked ? only : undefined);
}

/** Appends the elements of one packed record. */
function appendElements(content: Rope, type: ScalarType, packed: Uint8Array): void {
  const wireType = wireTypeOfScalar(type);
  if (wireType === WireType.Varint) {
    for (let start = 0; start < packed.length;) {
      const end = skipVarint(packed, start);
      content.append(canonicalScalar(type, packed.subarray(start, end)));
      start = end;
    }
    return;
  }
  if (packed.length % (wireType === WireType.Fixed64 ? 8 : 4) !== 0) {
    throw new FlwrError("invalid-argument", "Malformed protobuf: a packed list is truncated");
  }
  content.append(packed);
}

/** A field that is a map. */
type MapField = DescField & { fieldKind: "map" };

function appendMap(
  out: Rope,
  field: MapField,
  entries: readonly WireRecord[],
  depth: number,
): void {
  if (field.mapKey !== ScalarType.STRING) throw new Error(`${field} has no text keys`);
  const byKey = new Map<string, { key: Uint8Array; entry: WireRecord; parts: EntryParts }>();
  for (const entry of entries) {
    const parts = entryParts(field, entry.value);
    const key = parts.key?.value ?? EMPTY;
    byKey.set(key.toHex(), { key, entry, parts });
  }
  const sorted = [...byKey.values()].sort((a, b) => compareKeys(a.key, b.key));
  for (const { key, entry, parts } of sorted) {
    const content = new Rope();
    appendBytes(content, 1, ropeOf(key), parts.key);
    if (parts.values.length === 0) {
      content.append(tagOf(2, valueWireType(field)));
      content.append(defaultValue(valueWireType(field)));
    } else {
      appendMapValue(content, field, parts.values, depth);
    }
    appendBytes(out, field.number, content, entry);
  }
}

interface EntryParts {
  readonly key: WireRecord | undefined;
  readonly values: readonly WireRecord[];
  readonly unknown: readonly Uint8Array[];
}

function entryParts(field: MapField, bytes: Uint8Array): EntryParts {
  let key: WireRecord | undefined;
  const values: WireRecord[] = [];
  const unknown: Uint8Array[] = [];
  for (const record of records(bytes)) {
    if (record.number === 1 && record.wireType === WireType.Bytes) key = record;
    else if (record.number === 2 && record.wireType === valueWireType(field)) values.push(record);
    else unknown.push(record.raw);
  }
  return { key, values, unknown };
}

function appendMapValue(
  out: Rope,
  field: MapField,
  values: readonly WireRecord[],
  depth: number,
): void {
  const last = values.at(-1)!;
  if (field.mapKind === "message") {
    const merged = values.length === 1 ? last.value : concat(values.map(({ value }) => value));
    appendBytes(out, 2, canonicalMessage(field.message, merged, depth + 1), last);
  } else {
    appendRecord(out, 2, last, canonicalScalar(elementType(field), last.value));
  }
}

function valueWireType(field: MapField): number {
  return field.mapKind === "message" ? WireType.Bytes : wireTypeOfScalar(elementType(field));
}

/**
 * Encodes a map entry with unknown fields. For upb it is not an entry of the map but an unknown field of the message,
 * written like a message with an optional key and value. (Python writes maps inside its value in any order; here they
 * are sorted.)
 */
function unknownEntry(field: MapField, parts: EntryParts, depth: number): Uint8Array {
  const content = new Rope();
  const { key, values } = parts;
  if (key !== undefined && key.value.length > 0) appendBytes(content, 1, ropeOf(key.value), key);
  const value = values.at(-1);
  const written = value !== undefined && (field.mapKind === "message" ||
    !isDefault(value.wireType, canonicalScalar(elementType(field), value.value)));
  if (written) appendMapValue(content, field, values, depth);
  for (const raw of parts.unknown) content.append(raw);
  const out = new Rope();
  appendBytes(out, field.number, content);
  return out.join();
}

/** The default value: zero, or an empty text with its length. */
function defaultValue(wireType: number): Uint8Array {
  return new Uint8Array(wireType === WireType.Fixed64 ? 8 : wireType === WireType.Fixed32 ? 4 : 1);
}

/** Whether a canonical value is zero or empty. Minus zero is not. */
function isDefault(wireType: number, value: Uint8Array): boolean {
  return wireType === WireType.Bytes ? value.length === 0 : value.every((byte) => byte === 0);
}

/**
 * Compares map keys in upb's order: by their bytes, but if one key is a prefix of the other, the longer one comes
 * first: "acc_top5", "accuracy", "acc", and the empty key last.
 */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return b.length - a.length;
}

/** Returns a value in the shortest encoding of its type; the given view if it already is. */
function canonicalScalar(type: ScalarType, value: Uint8Array): Uint8Array {
  if (wireTypeOfScalar(type) !== WireType.Varint) return value;
  const tight = isShortest(value, 0, value.length);
  // Up to 28 bits, all types but bool have the same encoding.
  if (
    tight && (type === ScalarType.BOOL ? value[0]! <= 1 && value.length === 1 : value.length <= 4)
  ) {
    return value;
  }
  const canonical = writeVarint(truncate(type, readVarint(value, 0, value.length)));
  return tight && canonical.length === value.length &&
      canonical.every((byte, i) => byte === value[i])
    ? value
    : canonical;
}

/** Reduces a 64-bit value as a reader of the type does. Negative 32-bit numbers are written with 64 bits. */
function truncate(type: ScalarType, value: bigint): bigint {
  switch (type) {
    case ScalarType.BOOL:
      return value === 0n ? 0n : 1n;
    case ScalarType.INT32:
      return BigInt.asUintN(64, BigInt.asIntN(32, value));
    case ScalarType.UINT32:
    case ScalarType.SINT32:
      return BigInt.asUintN(32, value);
    default:
      return value;
  }
}

/** Type of a field's elements. Enums are encoded like int32. */
function elementType(field: DescField): ScalarType {
  return "scalar" in field && field.scalar !== undefined ? field.scalar : ScalarType.INT32;
}

/** Whether a reader accepts the wire type for the field. Lists of numbers may be packed or not. */
function accepts(field: DescField, wireType: number): boolean {
  switch (field.fieldKind) {
    case "message":
    case "map":
      return wireType === WireType.Bytes;
    case "list":
      return wireType === WireType.Bytes ||
        (field.listKind !== "message" && wireType === wireTypeOfScalar(elementType(field)));
    default:
      return wireType === wireTypeOfScalar(elementType(field));
  }
}

function tagOf(number: number, wireType: number): Uint8Array {
  return writeVarint(number * 8 + wireType);
}

function ropeOf(bytes: Uint8Array): Rope {
  const rope = new Rope();
  rope.append(bytes);
  return rope;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const rope = new Rope();
  for (const part of parts) rope.append(part);
  return rope.join();
}
