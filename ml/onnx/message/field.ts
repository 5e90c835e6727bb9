import { type BinaryReader, type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { OnnxMessageType } from "./message_type.ts";

/** The reader and the writer of one field of a message. */
export interface Field<T> {
  /** The field's number on the wire. */
  readonly number: number;
  /** The value of a missing field. */
  readonly empty: () => T;
  /**
   * Reads one occurrence of the field.
   *
   * @param before the value of earlier occurrences, or the empty one
   * @param wire the occurrence's wire type
   * @param depth number of enclosing messages
   */
  readonly read: (reader: BinaryReader, before: T, wire: WireType, depth: number) => T;
  /** Writes the field with its tag; writes nothing if the value is the empty one. */
  readonly write: (writer: BinaryWriter, value: T) => void;
}

/** The wire format of a single number, string or byte array. */
export interface Scalar<T> {
  readonly wire: WireType;
  readonly zero: T;
  readonly read: (reader: BinaryReader) => T;
  readonly write: (writer: BinaryWriter, value: T) => void;
}

/** Signed integers of 64 bits. */
export const INT64: Scalar<bigint> = {
  wire: WireType.Varint,
  zero: 0n,
  read: (reader) => BigInt(reader.int64()),
  write: (writer, value) => writer.int64(value),
};

/** Integers from 0 to 2⁶⁴ − 1. */
export const UINT64: Scalar<bigint> = {
  wire: WireType.Varint,
  zero: 0n,
  read: (reader) => BigInt(reader.uint64()),
  write: (writer, value) => writer.uint64(value),
};

/** Signed integers of 32 bits, and numbers of enumerations. */
export const INT32: Scalar<number> = {
  wire: WireType.Varint,
  zero: 0,
  read: (reader) => reader.int32(),
  write: (writer, value) => writer.int32(value),
};

/** Real numbers of 32 bits. */
export const FLOAT: Scalar<number> = {
  wire: WireType.Bit32,
  zero: 0,
  read: (reader) => reader.float(),
  write: (writer, value) => writer.float(value),
};

/** Real numbers of 64 bits. */
export const DOUBLE: Scalar<number> = {
  wire: WireType.Bit64,
  zero: 0,
  read: (reader) => reader.double(),
  write: (writer, value) => writer.double(value),
};

/** Strings; bytes that are not UTF-8 are refused. */
export const STRING: Scalar<string> = {
  wire: WireType.LengthDelimited,
  zero: "",
  read: (reader) => reader.string(true),
  write: (writer, value) => writer.string(value),
};

/** Byte arrays, read without a copy. Also used for messages that are never inspected: they keep their wire format. */
export const BYTES: Scalar<Uint8Array> = {
  wire: WireType.LengthDelimited,
  zero: new Uint8Array(),
  read: (reader) => reader.bytes(),
  write: (writer, value) => writer.bytes(value),
};

function requireWire(number: number, wire: WireType, expected: WireType): void {
  if (wire === expected) return;
  throw new Error(`field ${number} has wire type ${wire}: expected ${expected}`);
}

function isZero<T>(value: T, zero: T): boolean {
  return value instanceof Uint8Array ? value.length === 0 : Object.is(value, zero);
}

/** A field with one value, which is zero if the field is missing. */
export function single<T>(number: number, type: Scalar<T>): Field<T> {
  return {
    number,
    empty: () => type.zero,
    read: (reader, _before, wire) => {
      requireWire(number, wire, type.wire);
      return type.read(reader);
    },
    write: (writer, value) => {
      if (!isZero(value, type.zero)) type.write(writer.tag(number, type.wire), value);
    },
  };
}

/** A field that can be missing, which differs from zero. */
export function optional<T>(number: number, type: Scalar<T>): Field<T | undefined> {
  return {
    number,
    empty: () => undefined,
    read: (reader, _before, wire) => {
      requireWire(number, wire, type.wire);
      return type.read(reader);
    },
    write: (writer, value) => {
      if (value !== undefined) type.write(writer.tag(number, type.wire), value);
    },
  };
}

/** A field with any number of values. Numbers are written in packed form, and read in both forms. */
export function list<T>(number: number, type: Scalar<T>): Field<T[]> {
  const packs = type.wire !== WireType.LengthDelimited;
  return {
    number,
    empty: () => [],
    read: (reader, values, wire) => {
      if (packs && wire === WireType.LengthDelimited) {
        const end = endOf(reader);
        while (reader.pos < end) values.push(type.read(reader));
        requireEnd(reader, end);
      } else {
        requireWire(number, wire, type.wire);
        values.push(type.read(reader));
      }
      return values;
    },
    write: (writer, values) => {
      if (values.length === 0) return;
      if (!packs) {
        for (const value of values) type.write(writer.tag(number, type.wire), value);
        return;
      }
      writer.tag(number, WireType.LengthDelimited).fork();
      for (const value of values) type.write(writer, value);
      writer.join();
    },
  };
}

/** A field that contains a message. ONNX's messages are recursive, so the type is looked up when it is needed. */
export function nested<M extends object>(
  number: number,
  type: () => OnnxMessageType<M>,
): Field<M | undefined> {
  return {
    number,
    empty: () => undefined,
    read: (reader, before, wire, depth) => {
      requireWire(number, wire, WireType.LengthDelimited);
      return type().read(reader, before, endOf(reader), depth + 1);
    },
    write: (writer, value) => {
      if (value !== undefined) writeNested(writer, number, type(), value);
    },
  };
}

/** A field that contains any number of messages. */
export function nestedList<M extends object>(
  number: number,
  type: () => OnnxMessageType<M>,
): Field<M[]> {
  return {
    number,
    empty: () => [],
    read: (reader, values, wire, depth) => {
      requireWire(number, wire, WireType.LengthDelimited);
      values.push(type().read(reader, undefined, endOf(reader), depth + 1));
      return values;
    },
    write: (writer, values) => {
      for (const value of values) writeNested(writer, number, type(), value);
    },
  };
}

function writeNested<M extends object>(
  writer: BinaryWriter,
  number: number,
  type: OnnxMessageType<M>,
  value: M,
): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  type.write(writer, value);
  writer.join();
}

/** Reads a length and returns the position where its data end. */
function endOf(reader: BinaryReader): number {
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new RangeError("premature EOF");
  return end;
}

/** Checks that reading did not go beyond the end of the enclosing message. */
export function requireEnd(reader: BinaryReader, end: number): void {
  if (reader.pos !== end) throw new RangeError("a field is longer than its message");
}
