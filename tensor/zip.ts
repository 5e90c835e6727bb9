import { utf8Length } from "../base/characters.ts";
import { FlwrError } from "../base/error.ts";
import { fileKind } from "../base/file_kind.ts";
import { type CentralEntry, extractContent, readCentral } from "../base/zip/entry.ts";
import {
  CENTRAL,
  ENCRYPTED_FLAG,
  END,
  END64,
  EndField,
  Field,
  LOCAL,
  LOCATOR64,
  Method,
  UTF8_FLAG,
} from "../base/zip/layout.ts";
import { DATE, writeZip } from "../base/zip/write.ts";
import { MAX_ARRAY_BYTES } from "./limits.ts";

/** Most files in a zip archive: more than any model has parameters, and fewer than the format allows. */
const MAX_ZIP_ENTRIES = 10_000;

/** Code page 437 from byte 128 on. */
const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
  "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
/** First byte of a .npy file. */
const NPY_START = 0x93;
/** Longest comment of the end record, in bytes. */
const MAX_COMMENT = 0xffff;

/** One file of an archive. */
export interface ZipEntry {
  /** Path with forward slashes; that of a folder ends with one. */
  readonly name: string;
  /**
   * Reads its content and checks its declared size and checksum.
   *
   * @throws FlwrError "data-loss" when it is damaged or its name is repeated, "unimplemented" when it is encrypted,
   * zip64 or compressed with another method
   */
  read(): Uint8Array;
}

/**
 * The files of a zip archive, in the order of its directory. Each is read separately, so one that cannot be read does
 * not affect the others. Other bytes may precede the archive.
 *
 * @throws FlwrError "invalid-argument" when the bytes are not a zip archive, "data-loss" when its directory is damaged,
 * "unimplemented" for a zip64 directory, "resource-exhausted" beyond the limits
 */
export function zipEntries(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(bytes, view);
  const count = new Map<string, number>();
  for (const { name } of entries) count.set(name, (count.get(name) ?? 0) + 1);
  return entries.map((entry) => ({
    name: entry.name,
    read: () => {
      if (count.get(entry.name) !== 1) throw damaged(`"${entry.name}" occurs twice`);
      return extract(bytes, view, entry);
    },
  }));
}

/** The files of a zip archive by name. @throws as in {@link zipEntries} and each entry's `read` */
export function unzip(bytes: Uint8Array): Map<string, Uint8Array> {
  return new Map(zipEntries(bytes).map((entry) => [entry.name, entry.read()] as const));
}

/** The directory's entries, checked against the limits before any file is read. */
function readDirectory(bytes: Uint8Array, view: DataView): Entry[] {
  const end = findEnd(bytes, view);
  const count = view.getUint16(end + EndField.count, true);
  const size = view.getUint32(end + EndField.directoryBytes, true);
  const offset = view.getUint32(end + EndField.directoryOffset, true);
  if (count === 0xffff || size === 0xffffffff || offset === 0xffffffff) {
    throw unsupported("its directory needs the zip64 format");
  }
  if (count > MAX_ZIP_ENTRIES) throw tooLarge(`has more than ${MAX_ZIP_ENTRIES} files`);
  // The directory ends where its end records begin: bytes before the archive shift all offsets.
  const directoryEnd = skipZip64(view, end, { count, size, offset });
  const shift = directoryEnd - size - offset;
  if (shift < 0) throw damaged("its directory has another offset than declared");
  let at = shift + offset;
  let total = 0;
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    const entry = readEntry(bytes, view, at, { end: directoryEnd, shift });
    total += entry.size;
    if (total > MAX_ARRAY_BYTES) throw tooLarge(`has more than ${MAX_ARRAY_BYTES} bytes`);
    entries.push(entry);
    at = entry.next;
  }
  return entries;
}

/**
 * The offset of the first end record. Some programs, such as PyTorch, also write those of zip64 although the ordinary
 * one is enough: then both must agree.
 *
 * @param end offset of the ordinary end record
 */
function skipZip64(
  view: DataView,
  end: number,
  ordinary: { readonly count: number; readonly size: number; readonly offset: number },
): number {
  const locator = end - LOCATOR64.bytes;
  const record = locator - END64.bytes;
  if (record < 0 || view.getUint32(locator, true) !== LOCATOR64.signature) return end;
  if (
    view.getUint32(record, true) !== END64.signature ||
    view.getBigUint64(record + 4, true) !== BigInt(END64.bytes - 12)
  ) {
    throw unsupported("its zip64 end record has an unusual length");
  }
  const [count, size, offset] = [32, 40, 48].map((field) =>
    view.getBigUint64(record + field, true)
  );
  if (
    count !== BigInt(ordinary.count) || size !== BigInt(ordinary.size) ||
    offset !== BigInt(ordinary.offset)
  ) {
    throw damaged("its two end records contradict each other");
  }
  return record;
}

/**
 * Writes files into an uncompressed zip archive. @throws FlwrError "resource-exhausted" beyond the limits of the format
 */
export function zip(
  files: Iterable<readonly [name: string, bytes: Uint8Array]>,
): Uint8Array<ArrayBuffer> {
  const all = [...files];
  const bytes = all.reduce<number>(
    (sum, [name, { length }]) => sum + length + LOCAL.bytes + CENTRAL.bytes + 2 * utf8Length(name),
    END.bytes,
  );
  if (bytes >= 2 ** 32 || all.length > MAX_ZIP_ENTRIES) {
    throw tooLarge("would be larger than 4 GiB or have too many files");
  }
  return writeZip(all, DATE.none);
}

/** A file of an archive, with an offset from the first byte. */
interface Entry
  extends Pick<CentralEntry, "method" | "crc" | "packed" | "size" | "offset" | "next"> {
  readonly name: string;
  /** Why it cannot be read; undefined if it can. */
  readonly refusal?: string;
}

function findEnd(bytes: Uint8Array, view: DataView): number {
  const last = view.byteLength - END.bytes;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at--) {
    if (view.getUint32(at, true) === END.signature) return at;
  }
  if (view.byteLength < 4 || view.getUint32(0, true) === LOCAL.signature) {
    throw damaged("it has no directory");
  }
  const isArray = bytes[0] === NPY_START;
  const kind = isArray ? undefined : fileKind(bytes);
  const found = kind === undefined ? "" : `: the file is ${kind.name}`;
  throw new FlwrError("invalid-argument", `Bytes are not a zip archive${found}`, {
    hints: isArray
      ? ["They are a single array: read it as a .npy file"]
      : kind?.hint === undefined
      ? []
      : [kind.hint],
  });
}

/**
 * Reads an entry of the directory.
 *
 * @param place offset of the directory's end, and the shift of offsets by the bytes before the archive
 */
function readEntry(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  { end, shift }: { readonly end: number; readonly shift: number },
): Entry {
  const entry = readCentral(bytes, view, at, end);
  if (entry === undefined || entry.next > bytes.length) throw damaged("its directory is cut short");
  const { nameBytes, flags, method, crc, packed, size, offset, next } = entry;
  const refusal = (flags & ENCRYPTED_FLAG) !== 0
    ? "is encrypted"
    : [packed, size, offset].includes(0xffffffff)
    ? "needs the zip64 format"
    : method !== Method.stored && method !== Method.deflated
    ? `is compressed by method ${method}`
    : undefined;
  return {
    name: decodeName(nameBytes, (flags & UTF8_FLAG) !== 0),
    method,
    crc,
    packed,
    // An unreadable file takes no space.
    size: refusal === undefined ? size : 0,
    offset: offset + shift,
    refusal,
    next,
  };
}

/**
 * Decodes a name as UTF-8 if the archive declares that, or else in the original code page of zip (APPNOTE 6.3, appendix
 * D).
 */
function decodeName(bytes: Uint8Array, utf8: boolean): string {
  if (utf8) return new TextDecoder().decode(bytes);
  return Array.from(bytes, (byte) => byte < 128 ? String.fromCharCode(byte) : CP437[byte - 128])
    .join("");
}

function extract(bytes: Uint8Array, view: DataView, entry: Entry): Uint8Array {
  const { name, offset, packed, refusal } = entry;
  if (refusal !== undefined) throw unsupported(`"${name}" ${refusal}`);
  if (offset + LOCAL.bytes > bytes.length || view.getUint32(offset, true) !== LOCAL.signature) {
    throw damaged(`"${name}" is not where the directory says`);
  }
  // The lengths in the local record apply: they may differ from those in the directory.
  const start = offset + LOCAL.bytes + view.getUint16(offset + Field.nameLength, true) +
    view.getUint16(offset + Field.extraLength, true);
  const raw = bytes.subarray(start, start + packed);
  if (raw.length !== packed) throw damaged(`"${name}" is cut short`);
  return extractContent(entry, raw, (how, cause) => damaged(`"${name}" ${how}`, cause));
}

function damaged(how: string, cause?: unknown): FlwrError {
  return new FlwrError("data-loss", `Zip archive is damaged: ${how}`, { cause });
}

function unsupported(how: string): FlwrError {
  return new FlwrError("unimplemented", `Zip archive cannot be read: ${how}`);
}

function tooLarge(how: string): FlwrError {
  return new FlwrError("resource-exhausted", `Zip archive ${how}`);
}
