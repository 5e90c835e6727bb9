import { FlwrError } from "../../../base/error.ts";

/** Most pixels of one picture. */
const MAX_IMAGE_PIXELS = 2 ** 26;

/** A picture, plane by plane. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1: grey; 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** [channels, height, width], 0 to 255. */
  readonly planes: Uint8Array;
  /** Of a file with samples of 16 bits: how many of these bits, from the lowest, its colours use. */
  readonly usedBits?: number;
}

/** @throws FlwrError "invalid-argument" for a picture without pixels, "resource-exhausted" for one with too many */
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
