import { utf8Length } from "../base/characters.ts";
import { FlwrError } from "../base/error.ts";
import { fileKind } from "../base/file_kind.ts";
import { type CentralEntry, readCentral, unpack } from "../base/zip/entry.ts";
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

/** Most files in a zip archive; more than the parameters of any model, and less than the format could say. */
const MAX_ZIP_ENTRIES = 10_000;

/** Code page 437 from byte 128. */
const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
  "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
/** How a .npy file begins. */
const NPY_START = 0x93;
/** The end record's comment may be so long. */
const MAX_COMMENT = 0xffff;

/** One file of an archive. */
export interface ZipEntry {
  /** With forward slashes; that of a folder ends with one. */
  readonly name: string;
  /**
   * Its content, held to its declared size and its checksum.
   *
   * @throws FlwrError "data-loss" when it is damaged or its name is there twice, "unimplemented" when it is encrypted, zip64
   *   or otherwise compressed
   */
  read(): Uint8Array;
}

/**
 * The files of a zip archive, in the order of its directory. Each is read on its own, so that one that cannot be read does
 * not concern the others. There may be other bytes in front of the archive.
 *
 * @throws FlwrError "invalid-argument" when the bytes are no zip archive, "data-loss" when its directory is damaged,
 *   "unimplemented" for a zip64 directory, "resource-exhausted" beyond the limits
 */
export function zipEntries(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(bytes, view);
  const count = new Map<string, number>();
  for (const { name } of entries) count.set(name, (count.get(name) ?? 0) + 1);
  return entries.map((entry) => ({
    name: entry.name,
    read: () => {
      if (count.get(entry.name) !== 1) throw damaged(`"${entry.name}" is in it twice`);
      return extract(bytes, view, entry);
    },
  }));
}

/** The files of a zip archive by name. @throws as {@link zipEntries} and each entry's `read` */
export function unzip(bytes: Uint8Array): Map<string, Uint8Array> {
  return new Map(zipEntries(bytes).map((entry) => [entry.name, entry.read()] as const));
}

/** What the directory says of each file, checked against the limits before any is read. */
function readDirectory(bytes: Uint8Array, view: DataView): Entry[] {
  const end = findEnd(bytes, view);
  const count = view.getUint16(end + EndField.count, true);
  const size = view.getUint32(end + EndField.directoryBytes, true);
  const offset = view.getUint32(end + EndField.directoryOffset, true);
  if (count === 0xffff || size === 0xffffffff || offset === 0xffffffff) {
    throw unsupported("its directory needs the zip64 format");
  }
  if (count > MAX_ZIP_ENTRIES) throw tooLarge(`has more than ${MAX_ZIP_ENTRIES} files`);
  // The directory ends where its end records begin: what is in front of the archive shifts all offsets.
  const directoryEnd = skipZip64(view, end, { count, size, offset });
  const shift = directoryEnd - size - offset;
  if (shift < 0) throw damaged("its directory is not where it says");
  let at = shift + offset;
  let total = 0;
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    const entry = readEntry(bytes, view, at, { end: directoryEnd, shift });
    total += entry.size;
    if (total > MAX_ARRAY_BYTES) throw tooLarge(`holds more than ${MAX_ARRAY_BYTES} bytes`);
    entries.push(entry);
    at = entry.next;
  }
  return entries;
}

/**
 * Where the end records begin. Some programs, such as PyTorch, write those of zip64 too, although the ordinary one says all:
 * then both must say the same.
 *
 * @param end place of the ordinary end record
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
    throw unsupported("its zip64 end record is of another length than usual");
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

/** Puts files into a zip archive, uncompressed. @throws FlwrError "resource-exhausted" beyond what zip can say */
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

/** A file of an archive, whose offset counts from the first byte. */
interface Entry
  extends Pick<CentralEntry, "method" | "crc" | "packed" | "size" | "offset" | "next"> {
  readonly name: string;
  /** Why it cannot be read; undefined where nothing is known against it. */
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

/** @param place where the directory ends, and how far what is in front of the archive shifts offsets */
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
    // What is refused takes no space.
    size: refusal === undefined ? size : 0,
    offset: offset + shift,
    refusal,
    next,
  };
}

/** A name in UTF-8, where the archive says so, or in the code page that zip began with (APPNOTE 6.3, appendix D). */
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
  // The lengths here count: they may differ from those in the directory.
  const start = offset + LOCAL.bytes + view.getUint16(offset + Field.nameLength, true) +
    view.getUint16(offset + Field.extraLength, true);
  const raw = bytes.subarray(start, start + packed);
  if (raw.length !== packed) throw damaged(`"${name}" is cut short`);
  return unpack(entry, raw, (how, cause) => damaged(`"${name}" ${how}`, cause));
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
