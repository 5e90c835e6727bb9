import { FlwrError } from "../../../base/error.ts";

/** Most pixels of a picture. */
const MAX_IMAGE_PIXELS = 2 ** 26;

/** A picture, one plane per channel. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1: grey; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** [channels, height, width], 0 to 255. */
  readonly planes: Uint8Array;
  /** For a file with samples of 16 bits: number of bits, from the lowest, that its colours use. */
  readonly usedBits?: number;
}

/**
 * Checks the size of a picture.
 *
 * @throws FlwrError "invalid-argument" when it has no pixels, "resource-exhausted" when it has too many
 */
export function checkPictureSize(width: number, height: number, largest = MAX_IMAGE_PIXELS): void {
  if (width === 0 || height === 0) {
    throw new FlwrError("invalid-argument", `Picture has no pixels: ${width}×${height}`);
  }
  if (width * height > largest) {
    throw new FlwrError(
      "resource-exhausted",
      `Picture has more than ${largest} pixels: ${width}×${height}`,
    );
  }
}

/**
 * A picture that has the size of the first one, and is as grey or as coloured.
 *
 * @throws FlwrError "invalid-argument" that names the file
 */
export function checkSameKind(path: string, picture: Picture, first: Picture): Picture {
  const kind = ({ width, height, channels }: Picture) =>
    `${width}×${height} pixels in ${channels === 1 ? "grey" : "colour"}`;
  if (kind(picture) === kind(first)) return picture;
  throw new FlwrError(
    "invalid-argument",
    `File "${path}" has ${kind(picture)}: the pictures before it have ${kind(first)}`,
  );
}

/**
 * Separates pixels into one plane per channel.
 *
 * @param pixels [images, height, width, channels], as in image files
 * @param area height times width of one image
 * @returns [images, channels, height, width], as for convolutions
 */
export function toPlanar(
  pixels: Uint8Array,
  area: number,
  channels: number,
): Uint8Array<ArrayBuffer> {
  const planes = new Uint8Array(pixels.length);
  const imageBytes = area * channels;
  for (let image = 0; image < pixels.length; image += imageBytes) {
    for (let channel = 0; channel < channels; channel++) {
      const plane = image + channel * area;
      for (let i = 0, from = image + channel; i < area; i++, from += channels) {
        planes[plane + i] = pixels[from]!;
      }
    }
  }
  return planes;
}
