import { checkPictureSize, type Picture } from "./picture.ts";
import { damagedPng, inflatePixels, type PngChunks, readChunks } from "./png_chunks.ts";
import { passesOf, unfilter } from "./png_rows.ts";

/** Colour types (PNG 3, 11.2.1): samples per pixel, and the allowed depths. */
const COLOUR_TYPES: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] }, // grey
  2: { samples: 3, depths: [8, 16] }, // red, green, blue
  3: { samples: 1, depths: [1, 2, 4, 8] }, // indices into the palette
  4: { samples: 2, depths: [8, 16] }, // grey and alpha
  6: { samples: 4, depths: [8, 16] }, // red, green, blue and alpha
};
/** Colour types whose last sample is transparency. */
const ALPHA = [4, 6];
const INDEXED = 3;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly samples: number;
  readonly interlaced: boolean;
}

/**
 * Decodes a PNG file of any colour type and depth, as it is stored. Palettes become colours, samples of 16 bits are cut
 * to their upper 8, and transparency is dropped. Suggested palettes, colour profiles and gamma are ignored.
 *
 * @throws FlwrError "invalid-argument" when it is not a PNG file or damaged, "resource-exhausted" when it is too large,
 * "unimplemented" when it needs an extension of PNG
 */
export function decodePng(bytes: Uint8Array): Picture {
  return decodeChunks(readChunks(bytes));
}

/** Like {@link decodePng}, for chunks that are already read. */
export function decodeChunks(chunks: PngChunks): Picture {
  const header = readHeader(chunks.header);
  const { width, height, depth, samples, colourType } = header;
  const passes = passesOf({ ...header, pixelBits: depth * samples });
  const size = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (rowBytes + 1), 0);
  const pixels = inflatePixels(chunks.data, size);
  const channels = colourType === INDEXED || samples >= 3 ? 3 : 1;
  const planes = new Uint8Array(channels * width * height);
  const put = colourType === INDEXED
    ? paletteWriter(planes, chunks.palette)
    : sampleWriter(planes, channels, depth);
  const step = Math.max(1, depth * samples >> 3);
  const colours = samples - (ALPHA.includes(colourType) ? 1 : 0);
  let bits = 0;
  let at = 0;
  for (const { x, y, xStep, yStep, columns, rows, rowBytes } of passes) {
    const unpacked = new Uint8Array(columns * samples);
    let above: Uint8Array = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row++) {
      const filtered = pixels.subarray(at + 1, at + 1 + rowBytes);
      unfilter(pixels[at]!, filtered, above, step);
      at += 1 + rowBytes;
      above = filtered;
      unpack(filtered, depth, unpacked);
      if (depth === 16) bits |= bitsOf(filtered, samples, colours);
      let place = (y + row * yStep) * width + x;
      for (let i = 0; i < unpacked.length; i += samples, place += xStep) put(place, unpacked, i);
    }
  }
  const size16 = depth === 16 ? { usedBits: 32 - Math.clz32(bits) } : {};
  return { width, height, channels, planes, ...size16 };
}

/** The bits that are set in any 16-bit sample of a row, without transparency. */
function bitsOf(row: Uint8Array, samples: number, colours: number): number {
  let bits = 0;
  for (let pixel = 0; pixel < row.length; pixel += 2 * samples) {
    for (let i = pixel; i < pixel + 2 * colours; i += 2) bits |= row[i]! << 8 | row[i + 1]!;
  }
  return bits;
}

function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colourType, compression, filter, interlace] = bytes.subarray(8) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  checkPictureSize(width, height);
  const known = COLOUR_TYPES[colourType];
  if (known === undefined || !known.depths.includes(depth)) {
    throw damagedPng(`it has colour type ${colourType} with ${depth} bits a sample`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw damagedPng("its header names an unknown compression, filter or interlacing");
  }
  return { width, height, depth, colourType, samples: known.samples, interlaced: interlace === 1 };
}

/**
 * Converts samples of 1 to 16 bits to one byte each: the upper eight of 16 bits, or the number itself for fewer than
 * eight.
 */
function unpack(row: Uint8Array, depth: number, samples: Uint8Array): void {
  if (depth === 8) samples.set(row);
  else if (depth === 16) { for (let i = 0; i < samples.length; i++) samples[i] = row[2 * i]!; }
  else {
    const mask = 2 ** depth - 1;
    for (let i = 0; i < samples.length; i++) {
      const bit = i * depth;
      samples[i] = row[bit >> 3]! >> (8 - depth - (bit & 7)) & mask;
    }
  }
}

/** Writes the samples at an index of a row to a pixel's place in each plane. */
type PixelWriter = (place: number, samples: Uint8Array, index: number) => void;

function sampleWriter(planes: Uint8Array, channels: 1 | 3, depth: number): PixelWriter {
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  if (channels === 1) {
    return (place, samples, index) => planes[place] = samples[index]! * scale;
  }
  const area = planes.length / 3;
  return (place, samples, index) => {
    planes[place] = samples[index]!;
    planes[place + area] = samples[index + 1]!;
    planes[place + 2 * area] = samples[index + 2]!;
  };
}

function paletteWriter(planes: Uint8Array, palette: Uint8Array | undefined): PixelWriter {
  if (palette === undefined) throw damagedPng("its palette is missing");
  if (palette.length === 0 || palette.length % 3 !== 0 || palette.length > 3 * 256) {
    throw damagedPng(`its palette has ${palette.length} bytes`);
  }
  const entries = palette.length / 3;
  const area = planes.length / 3;
  return (place, samples, index) => {
    const entry = samples[index]!;
    if (entry >= entries) {
      throw damagedPng(`a pixel has colour ${entry} of a palette of ${entries}`);
    }
    planes[place] = palette[3 * entry]!;
    planes[place + area] = palette[3 * entry + 1]!;
    planes[place + 2 * area] = palette[3 * entry + 2]!;
  };
}
