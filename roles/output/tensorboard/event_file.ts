import { crc32c } from "./crc32c.ts";

/** A number at a step, for TensorBoard. */
export interface Scalar {
  /** Unix time in seconds. */
  readonly at: number;
  /** A whole number: the round. */
  readonly step: number;
  /** The chart; its part before the first "/" is the group. */
  readonly tag: string;
  readonly value: number;
}

// TensorBoard's event file (tensorflow/core/lib/io/record_writer.h and util/event.proto): records of a length, the
// masked CRC of the length, the bytes of an Event, and their masked CRC. The first Event names the version.

/** What is added to a rotated CRC, because the CRC of bytes that contain a CRC is weak. */
const MASK_DELTA = 0xa282ead8;
const VERSION = "brain.Event:2";

/** The bytes of an event file. @param began Unix time in seconds of its first record */
export function eventFile(began: number, scalars: readonly Scalar[]): Uint8Array<ArrayBuffer> {
  const head = [...doubleField(1, began), ...bytesField(3, utf8(VERSION))];
  const parts = [record(Uint8Array.from(head)), ...scalars.map((scalar) => record(event(scalar)))];
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** An Event: 1 wall_time, 2 step, 5 summary; a Summary: 1 value; a Value: 1 tag, 2 simple_value. */
function event({ at, step, tag, value }: Scalar): Uint8Array {
  const single = [...bytesField(1, utf8(tag)), ...floatField(2, value)];
  const summary = bytesField(1, Uint8Array.from(single));
  return Uint8Array.from([
    ...doubleField(1, at),
    ...varint(2 << 3),
    ...varint(step),
    ...bytesField(5, Uint8Array.from(summary)),
  ]);
}

function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(crc32c(bytes.subarray(0, 8))), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return bytes;
}

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

function doubleField(number: number, value: number): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [...varint(number << 3 | 1), ...bytes];
}

function floatField(number: number, value: number): number[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [...varint(number << 3 | 5), ...bytes];
}

function bytesField(number: number, bytes: Uint8Array): number[] {
  return [...varint(number << 3 | 2), ...varint(bytes.length), ...bytes];
}

/** @param value a whole number from 0 to 2⁵³ */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(rest % 128 + 128);
  return [...bytes, rest];
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
