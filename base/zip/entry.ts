import type { FlwrError } from "../error.ts";
import { crc32, inflateRaw } from "../platform.ts";
import { CENTRAL, CentralField, Field, Method } from "./layout.ts";

/** An entry of an archive's directory, with its fields unchanged. */
export interface CentralEntry {
  readonly nameBytes: Uint8Array;
  readonly version: number;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  /** Compressed and uncompressed size, in bytes. */
  readonly packed: number;
  readonly size: number;
  /** Offset of its local record. */
  readonly offset: number;
  /** Lengths of its extra field and its comment, in bytes. */
  readonly extra: number;
  readonly comment: number;
  readonly disk: number;
  readonly attributes: number;
  /** Offset of the end of its name, and of the next entry. */
  readonly nameEnd: number;
  readonly next: number;
}

/**
 * Reads an entry of the directory without checking it.
 *
 * @param at offset of the entry
 * @param end offset of the directory's end
 * @returns undefined if there is no entry, or its name extends beyond the end
 */
export function readCentral(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
): CentralEntry | undefined {
  if (at + CENTRAL.bytes > end || view.getUint32(at, true) !== CENTRAL.signature) return undefined;
  const get16 = (field: number) => view.getUint16(at + field, true);
  const get32 = (field: number) => view.getUint32(at + field, true);
  const nameEnd = at + CENTRAL.bytes + get16(Field.nameLength + CENTRAL.shift);
  if (nameEnd > end) return undefined;
  const extra = get16(Field.extraLength + CENTRAL.shift);
  const comment = get16(CentralField.commentLength);
  return {
    nameBytes: bytes.subarray(at + CENTRAL.bytes, nameEnd),
    version: get16(Field.version + CENTRAL.shift),
    flags: get16(Field.flags + CENTRAL.shift),
    method: get16(Field.method + CENTRAL.shift),
    crc: get32(Field.crc + CENTRAL.shift),
    packed: get32(Field.packed + CENTRAL.shift),
    size: get32(Field.size + CENTRAL.shift),
    offset: get32(CentralField.offset),
    extra,
    comment,
    disk: get16(CentralField.disk),
    attributes: get32(CentralField.attributes),
    nameEnd,
    next: nameEnd + extra + comment,
  };
}

/**
 * Extracts a file's content and checks its declared size and checksum. It never decompresses more than the declared
 * size.
 *
 * @param entry stored or deflated
 * @param raw its bytes in the archive
 * @param fault creates an error from a description of the file's fault
 */
export function extractContent(
  { method, size, crc }: Pick<CentralEntry, "method" | "size" | "crc">,
  raw: Uint8Array,
  fault: (how: string, cause?: unknown) => FlwrError,
): Uint8Array {
  const content = method === Method.stored ? raw : inflate(raw, size, fault);
  if (content.length === size && crc32(content) === crc) return content;
  throw fault("does not match its size or checksum");
}

function inflate(
  raw: Uint8Array,
  size: number,
  fault: (how: string, cause?: unknown) => FlwrError,
): Uint8Array {
  try {
    return inflateRaw(raw, size);
  } catch (cause) {
    throw fault(`cannot be decompressed to ${size} bytes`, cause);
  }
}
