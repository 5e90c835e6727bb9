import { joinBytes } from "../bytes.ts";
import { crc32 } from "../platform.ts";
import {
  CENTRAL,
  CentralField,
  END,
  EndField,
  Field,
  LOCAL,
  UNIX,
  UTF8_FLAG,
  VERSION,
} from "./layout.ts";

/** Dates of files, at midnight. They are fixed, so that equal files give equal bytes. */
export const DATE = {
  /** 1 October 2024, the date that Flower gives to each file of a bundle. */
  bundle: ((2024 - 1980) << 9) | (10 << 5) | 1,
  /** 1 January 1980, the first day that the format can represent. */
  none: (1 << 5) | 1,
} as const;
/** Mode 0600 without a file type: the default of Python's zipfile. */
const ATTRIBUTES = 0o600 << 16;

/**
 * Writes an archive as Python's zipfile does on Unix: files uncompressed, in the given order, all with the same date.
 *
 * @param files names with "/" and contents; together below 4 GiB and 65,536 files
 * @param date one of {@link DATE}
 */
export function writeZip(
  files: Iterable<readonly [name: string, content: Uint8Array]>,
  date: number = DATE.bundle,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const file = { name, size: content.length, crc32: crc32(content), date };
    const local = localRecord(file);
    parts.push(local, content);
    directory.push(centralRecord(file, offset));
    offset += local.length + content.length;
  }
  return joinBytes([...parts, ...directory, endRecord(directory, offset)]);
}

/** The fields of the records of a stored file. */
export interface FileFacts {
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  readonly crc32: number;
  /** One of {@link DATE} (default: that of bundles). */
  readonly date?: number;
}

/** The local record, which precedes a file's bytes. */
export function localRecord(file: FileFacts): Uint8Array {
  return record(LOCAL, file);
}

/** A file's entry in the directory. @param offset offset of its local record */
export function centralRecord(file: FileFacts, offset: number): Uint8Array {
  const central = record(CENTRAL, file);
  const view = new DataView(central.buffer);
  view.setUint16(CentralField.madeBy, (UNIX << 8) | VERSION, true);
  view.setUint32(CentralField.attributes, ATTRIBUTES, true);
  view.setUint32(CentralField.offset, offset, true);
  return central;
}

function record(
  { signature, bytes, shift }: typeof LOCAL | typeof CENTRAL,
  { name: text, size, crc32: crc, date = DATE.bundle }: FileFacts,
): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(text);
  const result = new Uint8Array(bytes + name.length);
  const view = new DataView(result.buffer);
  const set16 = (field: number, value: number) => view.setUint16(field + shift, value, true);
  const set32 = (field: number, value: number) => view.setUint32(field + shift, value, true);
  view.setUint32(0, signature, true);
  set16(Field.version, VERSION);
  // Like Python, flags a name as UTF-8 only if it is not ASCII.
  set16(Field.flags, name.some((byte) => byte > 0x7f) ? UTF8_FLAG : 0);
  set16(Field.date, date);
  set32(Field.crc, crc);
  set32(Field.packed, size);
  set32(Field.size, size);
  set16(Field.nameLength, name.length);
  result.set(name, bytes);
  return result;
}

/** The record that ends an archive. @param offset offset of its directory */
export function endRecord(directory: readonly Uint8Array[], offset: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(END.bytes));
  view.setUint32(0, END.signature, true);
  view.setUint16(EndField.countHere, directory.length, true);
  view.setUint16(EndField.count, directory.length, true);
  view.setUint32(EndField.directoryBytes, totalLength(directory), true);
  view.setUint32(EndField.directoryOffset, offset, true);
  return new Uint8Array(view.buffer);
}

function totalLength(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
