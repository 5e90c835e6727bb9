import { checkPictureSize, type Picture, toPlanar } from "./picture.ts";
import { damagedJpeg, type JpegHeader } from "./jpeg_header.ts";
import { checkDecodable } from "./jpeg_decodable.ts";

/** Most pixels of one JPEG picture: its decoder takes some 40 bytes for each. */
const MAX_JPEG_PIXELS = 2 ** 25;

/** Most memory of the JPEG decoder, in MiB: for the largest picture with colours as fine as brightness. */
const MAX_JPEG_MEGABYTES = 1_024;

/**
 * Decodes a JPEG file: baseline, extended or progressive, grey or in colour, as it is stored. Where colours were stored
 * coarser than brightness, each pixel has the colour of its block: programs that interpolate differ there by some levels.
 *
 * @param header its own, by `readJpegHeader`
 * @throws FlwrError "invalid-argument" when it is damaged, "resource-exhausted" when it is too large,
 *   "unimplemented" when it is of a kind that the decoder cannot read
 */
export async function decodeJpeg(bytes: Uint8Array, header: JpegHeader): Promise<Picture> {
  const { width, height, components: channels, yCbCr } = header;
  checkPictureSize(width, height, MAX_JPEG_PIXELS);
  checkDecodable(bytes);
  // Loaded only where there are such pictures.
  const { decode } = (await import("jpeg-js")).default;
  let pixels: Uint8Array;
  try {
    const decoded = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      // Skips only blocks below the picture. In a scan of one component jpeg-js 0.4.4 goes on to them where the last restart
      // interval is shorter than the others.
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
  // The decoder gives grey as three equal samples.
  const planes = channels === 3
    ? toPlanar(pixels, width * height, 3)
    : Uint8Array.from({ length: width * height }, (_, i) => pixels[3 * i]!);
  return { width, height, channels, planes };
}
