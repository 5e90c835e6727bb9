import { joinBytes } from "../../../base/bytes.ts";
import { checkPictureSize, type Picture, toPlanar } from "./picture.ts";
import { damagedJpeg, type JpegHeader } from "./jpeg_header.ts";
import { checkScans } from "./jpeg_scans.ts";

/** Most pixels of a JPEG picture: a progressive one in colour needs 12 bytes per pixel in the decoder. */
const MAX_JPEG_PIXELS = 2 ** 25;

/**
 * Decodes a JPEG file (baseline, extended or progressive, grey or in colour) as it is stored, to the pixels that Pillow and
 * OpenCV read.
 *
 * @param header the file's header, from `readJpegHeader`
 * @throws FlwrError "invalid-argument" when it is damaged, "resource-exhausted" when it is too large or has too many scans
 */
export async function decodeJpeg(bytes: Uint8Array, header: JpegHeader): Promise<Picture> {
  const { width, height, components: channels } = header;
  checkPictureSize(width, height, MAX_JPEG_PIXELS);
  checkScans(bytes);
  // The decoder is only loaded for such pictures.
  const { decodeWithJpegTurbo } = await import("./jpeg_turbo.ts");
  const decode = (file: Uint8Array) => decodeWithJpegTurbo(file, { width, height, channels });
  const pixels = firstDecoded(bytes, decode);
  const planes = channels === 3 ? toPlanar(pixels, width * height, 3) : pixels.slice();
  return { width, height, channels, planes };
}

/** Some cameras write a few bytes between the last pixel and the end, of which libjpeg-turbo warns. */
const MAX_STRAY_BYTES = 4;

/** The pixels of a file, also without stray bytes in front of its end. @throws FlwrError "invalid-argument" */
function firstDecoded(bytes: Uint8Array, decode: (file: Uint8Array) => Uint8Array): Uint8Array {
  let first: unknown;
  for (let stray = 0; stray <= MAX_STRAY_BYTES; stray++) {
    try {
      return decode(stray === 0 ? bytes : withoutStrayBytes(bytes, stray));
    } catch (error) {
      first ??= error;
      if (!bytes.subarray(-2).every((byte, i) => byte === END[i])) break;
    }
  }
  throw damagedJpeg("its pixels cannot be decoded", first);
}

/** The marker at the end of a file (ITU T.81, table B.1). */
const END = [0xff, 0xd9];

function withoutStrayBytes(bytes: Uint8Array, stray: number): Uint8Array {
  const end = bytes.length - END.length;
  return joinBytes([bytes.subarray(0, end - stray), bytes.subarray(end)]);
}
