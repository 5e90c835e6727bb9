import { FlwrError } from "../../base/error.ts";
import { MAX_IMAGE_PIXELS } from "./limits.ts";
import { toPlanar } from "./planar.ts";

/** A picture, plane by plane. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1: grey; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** [channels, height, width], 0 to 255. */
  readonly planes: Uint8Array;
}

/** Where a PNG file has its width and height (its first chunk, IHDR). */
const SIZE_OFFSET = 16;

/**
 * Decodes a PNG file. Palettes become colours, 16 bits become 8, transparency is dropped.
 *
 * @throws FlwrError "invalid-argument" when it is not a PNG file or damaged, "resource-exhausted" when it is too large
 */
export async function decodePng(bytes: Uint8Array): Promise<Picture> {
  // Loaded only where there are pictures to decode.
  const { convertIndexedToRgb, decode, hasPngSignature } = await import("fast-png");
  if (bytes.length < SIZE_OFFSET + 8 || !hasPngSignature(bytes)) throw notPng();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const pixels = view.getUint32(SIZE_OFFSET) * view.getUint32(SIZE_OFFSET + 4);
  if (pixels > MAX_IMAGE_PIXELS) {
    throw new FlwrError("resource-exhausted", `Picture has more than ${MAX_IMAGE_PIXELS} pixels`);
  }
  try {
    const png = decode(bytes, { checkCrc: true });
    const { width, height, depth } = png;
    const indexed = png.palette !== undefined;
    const samples = indexed ? convertIndexedToRgb(png) : png.data;
    const from = indexed ? samples.length / (width * height) : png.channels;
    const channels = from >= 3 ? 3 : 1;
    const scaled = indexed ? samples : toBytes(samples, width * from, depth);
    const kept = dropAlpha(scaled, from, channels);
    return { width, height, channels, planes: toPlanar(kept, width * height, channels) };
  } catch (error) {
    throw notPng(error);
  }
}

/** Samples of 1 to 16 bits as bytes; those narrower than a byte are packed, each row from a byte of its own. */
function toBytes(samples: ArrayLike<number>, perRow: number, depth: number): Uint8Array {
  if (depth === 8) return Uint8Array.from(samples);
  if (depth === 16) return Uint8Array.from(samples, (sample) => sample >> 8);
  const rowBytes = Math.ceil(perRow * depth / 8);
  const largest = 2 ** depth - 1;
  const result = new Uint8Array(samples.length / rowBytes * perRow);
  for (let i = 0; i < result.length; i++) {
    const bit = i % perRow * depth;
    const byte = samples[Math.floor(i / perRow) * rowBytes + (bit >> 3)]!;
    result[i] = ((byte >> (8 - depth - (bit & 7))) & largest) * 255 / largest;
  }
  return result;
}

function dropAlpha(samples: ArrayLike<number>, from: number, to: number): Uint8Array {
  const result = new Uint8Array(samples.length / from * to);
  for (let i = 0; i < result.length; i++) {
    result[i] = samples[Math.floor(i / to) * from + i % to]!;
  }
  return result;
}

function notPng(cause?: unknown): FlwrError {
  return new FlwrError("invalid-argument", "Picture is not a PNG file, or is damaged", { cause });
}
