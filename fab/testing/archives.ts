import { crc32, deflateRawSync } from "node:zlib";
import { CONTENTS_PATH, contentsLine } from "../contents.ts";
import { CENTRAL, CentralField, END, EndField, Field, Method } from "../../base/zip/layout.ts";
import { writeZip } from "../../base/zip/write.ts";

/** Files by their paths. */
export type Files = Record<string, string>;

/** A text as UTF-8. */
export const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** Creates an archive of files with any names, followed by its list of contents. */
export function archive(
  files: Files | readonly [string, string][],
  list?: string,
): Uint8Array<ArrayBuffer> {
  const entries = (Array.isArray(files) ? files : Object.entries(files))
    .map(([path, text]) => [path, encode(text)] as const);
  const contents = list ?? entries.map(([path, bytes]) => contentsLine(path, bytes)).join("\n");
  return writeZip([...entries, [CONTENTS_PATH, encode(contents)]]);
}

/** Creates an archive of files and of a compressed "big.json" with a claimed size. */
export function deflated(
  files: Files,
  content: Uint8Array,
  claimed: number = content.length,
): Uint8Array {
  const own = Object.entries(files).map(([path, text]) => [path, encode(text)] as const);
  const list = [...own, ["big.json", content] as const].map(([path, bytes]) =>
    contentsLine(path, bytes)
  ).join("\n");
  const packed = new Uint8Array(deflateRawSync(content));
  const bytes = writeZip([...own, ["big.json", packed], [CONTENTS_PATH, encode(list)]]);
  return tampered(bytes, (at) => {
    at.set16(own.length, Field.method, Method.deflated);
    at.set32(own.length, Field.size, claimed);
    at.set32(own.length, Field.crc, crc32(content));
  });
}

/** Changes the records of an archive in place. */
export function tampered(
  bytes: Uint8Array<ArrayBuffer>,
  change: (at: Records) => void,
): Uint8Array {
  change(new Records(bytes));
  return bytes;
}

/** Access to the records of an archive. */
export class Records {
  readonly view: DataView;
  readonly end: number;

  constructor(readonly bytes: Uint8Array<ArrayBuffer>) {
    this.view = new DataView(bytes.buffer);
    this.end = bytes.length - END.bytes;
  }

  /** Position of the n-th file's entry in the directory. */
  central(n: number): number {
    let at = this.view.getUint32(this.end + EndField.directoryOffset, true);
    for (let i = 0; i < n; i++) {
      at += CENTRAL.bytes + this.view.getUint16(at + Field.nameLength + CENTRAL.shift, true);
    }
    return at;
  }

  /** Position of the n-th file's local header. */
  local(n: number): number {
    return this.view.getUint32(this.central(n) + CentralField.offset, true);
  }

  /** Sets a two-byte field in both headers of the n-th file. */
  set16(n: number, field: number, value: number): void {
    this.view.setUint16(this.local(n) + field, value, true);
    this.view.setUint16(this.central(n) + field + CENTRAL.shift, value, true);
  }

  /** Sets a four-byte field in both headers of the n-th file. */
  set32(n: number, field: number, value: number): void {
    this.view.setUint32(this.local(n) + field, value, true);
    this.view.setUint32(this.central(n) + field + CENTRAL.shift, value, true);
  }

  /** Sets the n-th file's type and permissions. */
  setMode(n: number, mode: number): void {
    this.view.setUint32(this.central(n) + CentralField.attributes, mode << 16, true);
  }
}
