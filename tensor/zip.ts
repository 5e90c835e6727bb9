import { joinBytes } from "../base/bytes.ts";
import { FlwrError } from "../base/error.ts";
import { fileKind } from "../base/file_kind.ts";
import { crc32, inflateRaw } from "../base/platform.ts";
import { MAX_ARRAY_BYTES, MAX_ZIP_ENTRIES } from "./limits.ts";

/** Signatures, sizes and fields of records: PKWARE's APPNOTE 6.3, section 4.3. */
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const;
const END = { signature: 0x06054b50, bytes: 22 } as const;
/** End record of zip64 and its locator: 4.3.14 and 4.3.15, without extensible data. */
const END64 = { signature: 0x06064b50, bytes: 56 } as const;
const LOCATOR64 = { signature: 0x07064b50, bytes: 20 } as const;
const STORED = 0;
const DEFLATED = 8;
/** Flags: bit 0 says encrypted, bit 11 that names are UTF-8. */
const ENCRYPTED = 1;
const UTF8 = 1 << 11;
/** Version 2.0 of the format: enough for stored and deflated entries. */
const VERSION = 20;
/** 1 January 1980, the format's first day: equal content gives equal bytes. */
const DATE = (1 << 5) | 1;
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
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  const offset = view.getUint32(end + 16, true);
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
    if (at + CENTRAL.bytes > directoryEnd || view.getUint32(at, true) !== CENTRAL.signature) {
      throw damaged("its directory is cut short");
    }
    const entry = readEntry(bytes, view, at, shift);
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
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [name, bytes] of files) {
    const encoded = new TextEncoder().encode(name);
    const [inFront, inDirectory] = [
      record(LOCAL, encoded, bytes),
      record(CENTRAL, encoded, bytes, offset),
    ];
    local.push(inFront, bytes);
    central.push(inDirectory);
    offset += inFront.length + bytes.length;
  }
  const directory = central.reduce((sum, { length }) => sum + length, 0);
  if (offset + directory >= 2 ** 32 || central.length > MAX_ZIP_ENTRIES) {
    throw tooLarge("would be larger than 4 GiB or have too many files");
  }
  const end = new DataView(new ArrayBuffer(END.bytes));
  end.setUint32(0, END.signature, true);
  end.setUint16(8, central.length, true);
  end.setUint16(10, central.length, true);
  end.setUint32(12, directory, true);
  end.setUint32(16, offset, true);
  return joinBytes([...local, ...central, new Uint8Array(end.buffer)]);
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
  /** Why it cannot be read; undefined where nothing is known against it. */
  readonly refusal?: string;
  /** Where the directory goes on. */
  readonly next: number;
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

function readEntry(bytes: Uint8Array, view: DataView, at: number, shift: number): Entry {
  const lengthOf = (field: number) => view.getUint16(at + field, true);
  const [nameBytes, extra, comment] = [lengthOf(28), lengthOf(30), lengthOf(32)];
  const next = at + CENTRAL.bytes + nameBytes + extra + comment;
  if (next > bytes.length) throw damaged("its directory is cut short");
  const flags = view.getUint16(at + 8, true);
  const name = decodeName(
    bytes.subarray(at + CENTRAL.bytes, at + CENTRAL.bytes + nameBytes),
    (flags & UTF8) !== 0,
  );
  const [packed, size, offset] = [20, 24, 42].map((field) => view.getUint32(at + field, true)) as [
    number,
    number,
    number,
  ];
  const method = view.getUint16(at + 10, true);
  const refusal = (flags & ENCRYPTED) !== 0
    ? "is encrypted"
    : [packed, size, offset].includes(0xffffffff)
    ? "needs the zip64 format"
    : method !== STORED && method !== DEFLATED
    ? `is compressed by method ${method}`
    : undefined;
  return {
    name,
    method,
    crc: view.getUint32(at + 16, true),
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
  const { name, offset, method, packed, size, refusal } = entry;
  if (refusal !== undefined) throw unsupported(`"${name}" ${refusal}`);
  if (offset + LOCAL.bytes > bytes.length || view.getUint32(offset, true) !== LOCAL.signature) {
    throw damaged(`"${name}" is not where the directory says`);
  }
  // The lengths here count: they may differ from those in the directory.
  const start = offset + LOCAL.bytes + view.getUint16(offset + 26, true) +
    view.getUint16(offset + 28, true);
  const raw = bytes.subarray(start, start + packed);
  if (raw.length !== packed) throw damaged(`"${name}" is cut short`);
  const content = method === STORED ? raw : inflate(name, raw, size);
  if (content.length !== size || crc32(content) !== entry.crc) {
    throw damaged(`"${name}" does not match its size or checksum`);
  }
  return content;
}

function inflate(name: string, raw: Uint8Array, size: number): Uint8Array {
  try {
    return inflateRaw(raw, size);
  } catch (error) {
    throw damaged(`"${name}" cannot be decompressed to ${size} bytes`, error);
  }
}

/** The record of a stored file: before its bytes, or with their offset for the directory. */
function record(
  { signature, bytes: fixed }: typeof LOCAL | typeof CENTRAL,
  name: Uint8Array,
  content: Uint8Array,
  offset?: number,
): Uint8Array {
  const result = new Uint8Array(fixed + name.length);
  const view = new DataView(result.buffer);
  view.setUint32(0, signature, true);
  // The directory has one field more in front: the version it was made by.
  const shift = offset === undefined ? 0 : 2;
  view.setUint16(4, VERSION, true);
  view.setUint16(4 + shift, VERSION, true);
  view.setUint16(6 + shift, UTF8, true);
  view.setUint16(12 + shift, DATE, true);
  view.setUint32(14 + shift, crc32(content), true);
  view.setUint32(18 + shift, content.length, true);
  view.setUint32(22 + shift, content.length, true);
  view.setUint16(26 + shift, name.length, true);
  if (offset !== undefined) view.setUint32(42, offset, true);
  result.set(name, fixed);
  return result;
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
