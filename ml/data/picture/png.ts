import { FlwrError } from "../../../base/error.ts";
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
  const channels = colourType === INDEXED || samples >= 3 ? 3 : 1;
  const planes = new Uint8Array(channels * width * height);
  const put = colourType === INDEXED
    ? paletteWriter(planes, chunks.palette)
    : sampleWriter(planes, channels, depth);
  const bits = eachPixel(header, chunks.data, put);
  const size16 = depth === 16 ? { usedBits: 32 - Math.clz32(bits) } : {};
  return { width, height, channels, planes, ...size16 };
}

/**
 * Decodes a PNG file whose pixels are numbers and not colours: grey samples as they are, not stretched to 255, or indices
 * into a palette.
 *
 * @throws FlwrError as {@link decodePng}; "invalid-argument" for colours, transparency, and numbers above 255
 */
export function decodePngNumbers(bytes: Uint8Array): Picture {
  const chunks = readChunks(bytes);
  const header = readHeader(chunks.header);
  const { width, height, depth, samples, colourType } = header;
  if (samples > 1) {
    throw new FlwrError(
      "invalid-argument",
      "Picture has colours or transparency, where each pixel must be the number of a class",
      { hints: ["Save masks as grey or indexed PNG: the grey value, or the index, is the class"] },
    );
  }
  const planes = new Uint8Array(width * height);
  const entries = colourType === INDEXED ? paletteEntries(chunks.palette) : Infinity;
  const put: PixelWriter = (place, numbers, index) => {
    if (numbers[index]! >= entries) throw outsidePalette(numbers[index]!, entries);
    planes[place] = numbers[index]!;
  };
  const bits = eachPixel(header, chunks.data, put, "lower");
  if (depth === 16 && bits > 255) {
    throw new FlwrError(
      "invalid-argument",
      "Picture has a number above 255, where classes have 0 to 255",
      {
        hints: ["Save masks with 8 bits a pixel"],
      },
    );
  }
  return { width, height, channels: 1, planes };
}

/**
 * Goes over all pixels.
 *
 * @param half which eight bits of samples of 16 are put
 * @returns of samples of 16 bits, the bits that are set in any of them
 */
function eachPixel(
  header: Header,
  data: readonly Uint8Array[],
  put: PixelWriter,
  half: "upper" | "lower" = "upper",
): number {
  const { width, depth, samples, colourType } = header;
  const passes = passesOf({ ...header, pixelBits: depth * samples });
  const size = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (rowBytes + 1), 0);
  const pixels = inflatePixels(data, size);
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
      unpack(filtered, depth, unpacked, half === "upper" ? 0 : 1);
      if (depth === 16) bits |= bitsOf(filtered, samples, colours);
      let place = (y + row * yStep) * width + x;
      for (let i = 0; i < unpacked.length; i += samples, place += xStep) put(place, unpacked, i);
    }
  }
  return bits;
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

/** Samples of 1 to 16 bits, each as a byte: of 16 bits the one at `half`, of fewer than eight the number itself. */
function unpack(row: Uint8Array, depth: number, samples: Uint8Array, half: 0 | 1): void {
  if (depth === 8) samples.set(row);
  else if (depth === 16) {
    for (let i = 0; i < samples.length; i++) {
      samples[i] = row[2 * i + half]!;
    }
  } else {
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

/** How many colours a palette has. */
function paletteEntries(palette: Uint8Array | undefined): number {
  if (palette === undefined) throw damagedPng("its palette is missing");
  if (palette.length === 0 || palette.length % 3 !== 0 || palette.length > 3 * 256) {
    throw damagedPng(`its palette has ${palette.length} bytes`);
  }
  return palette.length / 3;
}

function outsidePalette(entry: number, entries: number): FlwrError {
  return damagedPng(`a pixel has colour ${entry} of a palette of ${entries}`);
}

function paletteWriter(planes: Uint8Array, colours: Uint8Array | undefined): PixelWriter {
  const entries = paletteEntries(colours);
  const palette = colours!;
  const area = planes.length / 3;
  return (place, samples, index) => {
    const entry = samples[index]!;
    if (entry >= entries) throw outsidePalette(entry, entries);
    planes[place] = palette[3 * entry]!;
    planes[place + area] = palette[3 * entry + 1]!;
    planes[place + 2 * area] = palette[3 * entry + 2]!;
  };
}
