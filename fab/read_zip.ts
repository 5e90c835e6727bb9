import { type CentralEntry, extractContent, readCentral } from "../base/zip/entry.ts";
import { MAX_FAB_BYTES, MAX_FAB_FILES } from "./limits.ts";
import { quoted, refused, tooLarge } from "./refusal.ts";
import {
  ENCRYPTED_FLAG,
  END,
  EndField,
  Field,
  LOCAL,
  Method,
  UTF8_FLAG,
  VERSION,
} from "../base/zip/layout.ts";

/**
 * Largest total size of a FAB's unpacked files, in bytes. Flower does not compress, so its own FABs stay below {@link
 * MAX_FAB_BYTES}. FABs that other tools compress may unpack to this size.
 */
const MAX_UNPACKED_BYTES = 4 * MAX_FAB_BYTES;

/** Bits of a file mode: type, type of a regular file, and set-user-id, set-group-id, sticky. */
const TYPE_BITS = 0o170000;
const REGULAR = 0o100000;
const SPECIAL_BITS = 0o7000;
/** DOS attribute bits: a folder, a volume label. */
const DOS_FOLDER_OR_LABEL = 0x18;

/** A file's entry in the central directory of the archive. */
interface Entry extends CentralEntry {
  readonly name: string;
}

/**
 * Reads the files of a FAB's archive, by name. Accepts little more than what Flower writes: a plain archive whose files
 * follow each other without gaps from the first byte to the directory, which ends with the last byte. The same bytes
 * can show different files to more lenient readers. This reader accepts only archives with a single interpretation.
 *
 * All headers are checked before anything is unpacked. Names are checked only for encoding and uniqueness; the caller
 * checks the paths.
 *
 * @throws FlwrError invalid-argument, naming what is wrong; resource-exhausted beyond the limits
 */
export function readZip(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { entries, directory } = readDirectory(bytes, view);
  let at = 0;
  const files = new Map<string, Uint8Array>();
  const raw = new Map<Entry, Uint8Array>();
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset)) {
    if (entry.offset !== at) {
      throw refused(
        entry.offset < at
          ? `${quoted(entry.name)} overlaps the file before it`
          : `there are hidden bytes before ${quoted(entry.name)}`,
      );
    }
    checkLocal(bytes, view, entry, directory);
    const start = at + LOCAL.bytes + entry.nameBytes.length;
    at = start + entry.packed;
    if (at > directory) throw refused(`${quoted(entry.name)} overlaps the directory`);
    raw.set(entry, bytes.subarray(start, at));
  }
  if (at !== directory) throw refused("there are hidden bytes before its directory");
  for (const entry of entries) {
    const content = extractContent(
      entry,
      raw.get(entry)!,
      (how, cause) => refused(`${quoted(entry.name)} ${how}`, cause),
    );
    files.set(entry.name, content);
  }
  return files;
}

/** Reads the central directory and its start. */
function readDirectory(
  bytes: Uint8Array,
  view: DataView,
): { entries: Entry[]; directory: number } {
  const end = view.byteLength - END.bytes;
  if (end < 0 || view.getUint32(end, true) !== END.signature) {
    throw refused("it is not a zip archive, or has bytes after its end");
  }
  const end16 = (field: number) => view.getUint16(end + field, true);
  const directory = view.getUint32(end + EndField.directoryOffset, true);
  const count = end16(EndField.count);
  if (end16(EndField.disk) !== 0 || end16(EndField.directoryDisk) !== 0) {
    throw refused("it is a part of a split archive");
  }
  if (count !== end16(EndField.countHere)) throw refused("it has two different counts of files");
  if (end16(EndField.commentLength) !== 0) throw refused("it has a comment at its end");
  if (count === 0xffff || directory === 0xffffffff) throw refused("it needs the zip64 format");
  if (count > MAX_FAB_FILES) throw tooLarge(`it has ${count} files; the limit is ${MAX_FAB_FILES}`);
  if (directory + view.getUint32(end + EndField.directoryBytes, true) !== end) {
    throw refused("its directory is not at the position in its end record");
  }
  const entries: Entry[] = [];
  const names = new Set<string>();
  let at = directory;
  let total = 0;
  while (entries.length < count) {
    const entry = readEntry(bytes, view, at, end);
    if (names.has(entry.name)) throw refused(`it contains ${quoted(entry.name)} twice`);
    names.add(entry.name);
    total += entry.size;
    if (total > MAX_UNPACKED_BYTES) {
      throw tooLarge(`it unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    }
    entries.push(entry);
    at = entry.nameEnd;
  }
  if (at !== end) throw refused("its directory has more entries than it counts");
  return { entries, directory };
}

function readEntry(bytes: Uint8Array, view: DataView, at: number, end: number): Entry {
  const central = readCentral(bytes, view, at, end);
  if (central === undefined) throw refused("its directory is truncated");
  const entry: Entry = { ...central, name: decodeName(central.nameBytes, central.flags) };
  const fault = entryFault(entry);
  if (fault !== undefined) throw refused(`${quoted(entry.name)} ${fault}`);
  return entry;
}

/** Checks one entry of the directory. @returns what differs from Flower's archives, as the end of a sentence */
function entryFault(
  { flags, method, packed, size, offset, version, extra, comment, disk, attributes }: CentralEntry,
): string | undefined {
  const mode = attributes >>> 16;
  const type = mode & TYPE_BITS;
  if (flags & ENCRYPTED_FLAG) return "is encrypted";
  if (flags & ~UTF8_FLAG) return `has unsupported flags: 0x${flags.toString(16)}`;
  if ([packed, size, offset].includes(0xffffffff)) return "needs the zip64 format";
  if ((version & 0xff) > VERSION) return `needs version ${version / 10} of the zip format`;
  if (extra !== 0) return "has an extra field";
  if (comment !== 0) return "has a comment";
  if (disk !== 0) return "is in another part of a split archive";
  if (method !== Method.stored && method !== Method.deflated) {
    return `has unsupported compression method ${method}`;
  }
  if (method === Method.stored && packed !== size) {
    return "has two sizes, but is not compressed";
  }
  if ((type !== 0 && type !== REGULAR) || (attributes & DOS_FOLDER_OR_LABEL) !== 0) {
    return `is not a regular file: mode 0${mode.toString(8)}`;
  }
  if ((mode & SPECIAL_BITS) !== 0) return `has a special mode: 0${mode.toString(8)}`;
  return undefined;
}

/** Decodes a name: UTF-8 if flagged, otherwise ASCII, because programs disagree about other encodings. */
function decodeName(bytes: Uint8Array, flags: number): string {
  if ((flags & UTF8_FLAG) === 0 && bytes.some((byte) => byte > 0x7f)) {
    throw refused("it has a name that is neither ASCII nor flagged as UTF-8");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw refused("it has a name that is not UTF-8", cause);
  }
}

/** Checks a file's local header against its entry in the directory. */
function checkLocal(bytes: Uint8Array, view: DataView, entry: Entry, directory: number): void {
  const { offset, nameBytes } = entry;
  const nameStart = offset + LOCAL.bytes;
  const nameEnd = nameStart + nameBytes.length;
  if (nameEnd > directory || view.getUint32(offset, true) !== LOCAL.signature) {
    throw refused(`${quoted(entry.name)} is not at the position in its directory`);
  }
  const same = view.getUint16(offset + Field.flags, true) === entry.flags &&
    view.getUint16(offset + Field.method, true) === entry.method &&
    view.getUint32(offset + Field.crc, true) === entry.crc &&
    view.getUint32(offset + Field.packed, true) === entry.packed &&
    view.getUint32(offset + Field.size, true) === entry.size &&
    view.getUint16(offset + Field.nameLength, true) === nameBytes.length &&
    view.getUint16(offset + Field.extraLength, true) === 0 &&
    bytes.subarray(nameStart, nameEnd).every((byte, index) => byte === nameBytes[index]);
  if (!same) throw refused(`${quoted(entry.name)} has two different headers`);
}
