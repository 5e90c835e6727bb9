import { checkPictureSize, type Picture, toPlanar } from "./picture.ts";
import { damagedJpeg, type JpegHeader } from "./jpeg_header.ts";
import { checkDecodable } from "./check_decodable.ts";

/** Most pixels of a JPEG picture: its decoder needs about 40 bytes per pixel. */
const MAX_JPEG_PIXELS = 2 ** 25;

/** Memory limit of the JPEG decoder, in MiB: enough for the largest picture without chroma subsampling. */
const MAX_JPEG_MEGABYTES = 1_024;

/**
 * Decodes a JPEG file (baseline, extended or progressive, grey or in colour) as it is stored. With chroma subsampling,
 * each pixel gets the colour of its block; programs that interpolate differ by a few levels.
 *
 * @param header the file's header, from `readJpegHeader`
 * @throws FlwrError "invalid-argument" when it is damaged, "resource-exhausted" when it is too large, "unimplemented"
 * for a kind that the decoder cannot read
 */
export async function decodeJpeg(bytes: Uint8Array, header: JpegHeader): Promise<Picture> {
  const { width, height, components: channels, yCbCr } = header;
  checkPictureSize(width, height, MAX_JPEG_PIXELS);
  checkDecodable(bytes);
  // The decoder is only loaded for such pictures.
  const { decode } = (await import("jpeg-js")).default;
  let pixels: Uint8Array;
  try {
    const decoded = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      // Only skips blocks below the picture: in a scan of one component, jpeg-js 0.4.4 reads such blocks if the last
      // restart interval is shorter than the others.
      tolerantDecoding: true,
      colorTransform: yCbCr,
      maxResolutionInMP: MAX_JPEG_PIXELS / 1e6,
      maxMemoryUsageInMB: MAX_JPEG_MEGABYTES,
    });
    if (decoded.width !== width || decoded.height !== height) {
      throw damagedJpeg("its size changes within it");
    }
    pixels = decoded.data;
  } catch (error) {
    throw damagedJpeg("its pixels cannot be decoded", error);
  }
  // The decoder returns grey as three equal samples.
  const planes = channels === 3
    ? toPlanar(pixels, width * height, 3)
    : Uint8Array.from({ length: width * height }, (_, i) => pixels[3 * i]!);
  return { width, height, channels, planes };
}
