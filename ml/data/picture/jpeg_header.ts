import { FlwrError } from "../../../base/error.ts";
import { type Orientation, readOrientation } from "./exif.ts";

/** The properties of a JPEG file that come before its pixels. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** 1: grey; 3: colour. */
  readonly components: 1 | 3;
  readonly orientation: Orientation;
}

/** Markers (ITU T.81, table B.1). */
const START = 0xd8;
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;
/** Frames that can be decoded: baseline, extended and progressive, with Huffman codes. */
const FRAMES = [0xc0, 0xc1, 0xc2];
/** Names of other frames, for the error. */
const OTHER_FRAMES: Readonly<Record<number, string>> = {
  0xc3: "lossless",
  0xc5: "hierarchical",
  0xc6: "hierarchical",
  0xc7: "hierarchical and lossless",
  0xc9: "arithmetically coded",
  0xca: "arithmetically coded",
  0xcb: "arithmetically coded and lossless",
  0xcd: "arithmetically coded",
  0xce: "arithmetically coded",
  0xcf: "arithmetically coded and lossless",
};
const EXIF = "Exif\0\0";

/** Whether bytes have the signature of a JPEG file. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === START && bytes[2] === 0xff;
}

/**
 * Reads a JPEG file's segments up to its first scan.
 *
 * @throws FlwrError "invalid-argument" when it is not a JPEG file or damaged, "unimplemented" for unsupported kinds
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  if (!isJpeg(bytes)) throw damagedJpeg("its signature is missing");
  let frame: Frame | undefined;
  let orientation: Orientation = 1;
  for (const { marker, content } of segments(bytes)) {
    if (marker === APP1 && startsWith(content, EXIF)) {
      orientation = readOrientation(content.subarray(EXIF.length));
    } else if (OTHER_FRAMES[marker] !== undefined) {
      throw unsupported(`Picture is JPEG of the kind "${OTHER_FRAMES[marker]}"`);
    } else if (FRAMES.includes(marker)) {
      if (frame !== undefined) throw damagedJpeg("it has two frames");
      frame = readFrame(content);
    }
  }
  if (frame === undefined) throw damagedJpeg("it has no frame before its first scan");
  const { width, height, ids } = frame;
  return {
    width,
    height,
    components: ids.length === 1 ? 1 : 3,
    orientation,
  };
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly ids: readonly number[];
}

function readFrame(content: Uint8Array): Frame {
  if (content.length < 6) throw damagedJpeg("its frame is cut short");
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [precision, height, width, count] = [
    content[0]!,
    view.getUint16(1),
    view.getUint16(3),
    content[5]!,
  ];
  if (precision !== 8) throw unsupported(`Picture has samples of ${precision} bits`);
  if (count === 4) throw unsupported("Picture is in CMYK colours");
  if (count !== 1 && count !== 3) throw unsupported(`Picture has ${count} components`);
  if (content.length < 6 + 3 * count) throw damagedJpeg("its frame is cut short");
  const ids = Array.from({ length: count }, (_, i) => content[6 + 3 * i]!);
  if (new Set(ids).size !== count) throw damagedJpeg("two of its components have one name");
  return { width, height, ids };
}

function* segments(bytes: Uint8Array): Generator<{ marker: number; content: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2;;) {
    // A marker can be preceded by any number of 0xff.
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    if (bytes[at] !== 0xff || at + 4 > bytes.length) {
      throw damagedJpeg("its segments are cut short");
    }
    const marker = bytes[at + 1]!;
    if (marker === START_OF_SCAN) return;
    const end = at + 2 + view.getUint16(at + 2);
    if (end > bytes.length || end < at + 4) throw damagedJpeg("its segments are cut short");
    yield { marker, content: bytes.subarray(at + 4, end) };
    at = end;
  }
}

function startsWith(content: Uint8Array, text: string): boolean {
  return [...text].every((letter, i) => content[i] === letter.charCodeAt(0));
}

/** The error for a file that violates the standard. */
export function damagedJpeg(how: string, cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", `Picture is not a JPEG file, or is damaged: ${how}`, {
    hints: ["Copy or download it again"],
    cause,
  });
}

function unsupported(what: string): FlwrError {
  return new FlwrError("unimplemented", `${what}, which is not supported`, {
    hints: ["Save it as an ordinary JPEG file in RGB or grey, or as PNG"],
  });
}
