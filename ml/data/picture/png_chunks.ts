import { joinBytes } from "../../../base/bytes.ts";
import { FlwrError } from "../../../base/error.ts";
import { crc32, inflateZlib } from "../../../base/platform.ts";

/** Signature of PNG files (PNG 3, 5.2). */
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Bytes of a chunk's length and type before its data, and of its checksum after them (PNG 3, 5.3). */
const CHUNK_HEAD = 8;
const CHUNK_TAIL = 4;
/** Bit 5 of a type's first letter: the picture can be displayed without this chunk (PNG 3, 5.4). */
const ANCILLARY = 0x20;

/** The chunks of a PNG file that determine its pixels. */
export interface PngChunks {
  /** IHDR: 13 bytes. */
  readonly header: Uint8Array;
  /** PLTE: red, green and blue of each entry. Only a suggestion unless the pixels are palette indices. */
  readonly palette?: Uint8Array;
  /** The compressed pixels: the data of all IDAT chunks. */
  readonly data: readonly Uint8Array[];
  /** eXIf: Exif data, if the picture has some. */
  readonly exif?: Uint8Array;
}

/** Whether bytes have the signature of a PNG file. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads the chunks that are needed to decode a PNG file. Ancillary ones, such as colour profiles and texts, are
 * skipped, so a damaged one does not make the pixels unreadable. Exif data are only used if they are intact.
 *
 * @throws FlwrError "invalid-argument" when a critical chunk is damaged or the file ends early, "unimplemented" when it
 * has an unknown critical chunk
 */
export function readChunks(bytes: Uint8Array): PngChunks {
  if (!isPng(bytes)) throw damagedPng("its signature is missing");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Uint8Array | undefined;
  let palette: Uint8Array | undefined;
  let exif: Uint8Array | undefined;
  const data: Uint8Array[] = [];
  for (let at = SIGNATURE.length; at < bytes.length;) {
    if (at + CHUNK_HEAD + CHUNK_TAIL > bytes.length) throw damagedPng("it ends within a chunk");
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + CHUNK_HEAD));
    if (header === undefined && type !== "IHDR") {
      throw type === "CgBI" ? applePng() : damagedPng("its first chunk is not IHDR");
    }
    const end = at + CHUNK_HEAD + length;
    if (end + CHUNK_TAIL > bytes.length) throw damagedPng(`chunk ${printable(type)} is cut short`);
    const content = bytes.subarray(at + CHUNK_HEAD, end);
    const isWhole = () => crc32(bytes.subarray(at + 4, end)) === view.getUint32(end);
    if (type === "eXIf") {
      if (exif === undefined && isWhole()) exif = content;
    } else if ((bytes[at + 4]! & ANCILLARY) === 0) {
      if (!isWhole()) {
        throw damagedPng(`the checksum of chunk ${printable(type)} is wrong`);
      }
      if (type === "IEND") break;
      else if (type === "IHDR" && header === undefined) header = content;
      else if (type === "PLTE" && palette === undefined) palette = content;
      else if (type === "IDAT") data.push(content);
      else if (type === "IHDR" || type === "PLTE") throw damagedPng(`it has two chunks ${type}`);
      else {
        throw new FlwrError(
          "unimplemented",
          `Picture has a chunk of the unknown type ${
            printable(type)
          }, and says that it cannot be shown without it`,
          { hints: ["Save it again as a plain PNG file, for example with an image editor"] },
        );
      }
    }
    at = end + CHUNK_TAIL;
  }
  if (header?.length !== 13) throw damagedPng("its header is not 13 bytes long");
  if (data.length === 0) throw damagedPng("it has no pixels");
  return { header, palette, data, exif };
}

/**
 * Decompresses the pixels, with the filter byte of each row.
 *
 * @param size number of bytes that the header declares: no more are decompressed
 */
export function inflatePixels(data: readonly Uint8Array[], size: number): Uint8Array {
  let pixels: Uint8Array;
  try {
    pixels = inflateZlib(data.length === 1 ? data[0]! : joinBytes(data), size);
  } catch (cause) {
    throw damagedPng(`its pixels cannot be decompressed to ${size} bytes`, cause);
  }
  if (pixels.length === size) return pixels;
  throw damagedPng(`it has ${pixels.length} bytes of pixels instead of ${size}`);
}

/** The error for a file that violates the standard. */
export function damagedPng(how: string, cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", `Picture is not a PNG file, or is damaged: ${how}`, {
    hints: ["Copy or download it again"],
    cause,
  });
}

function applePng(): FlwrError {
  return new FlwrError("unimplemented", "Picture is in Apple's own variant of PNG (CgBI)", {
    hints: ["Convert it: xcrun pngcrush -revert-iphone-optimizations IN.png OUT.png"],
  });
}

/** A chunk's type for messages. A type with other characters than letters is the file's own text, so it is escaped. */
function printable(type: string): string {
  return /^[A-Za-z]{4}$/.test(type) ? type : JSON.stringify(type);
}
