import { FlwrError } from "../../../base/error.ts";
import { fileKind } from "../../../base/file_kind.ts";
import { type Orientation, readOrientation } from "./exif.ts";
import { decodeJpeg } from "./jpeg.ts";
import { isJpeg, readJpegHeader } from "./jpeg_header.ts";
import type { Picture } from "./picture.ts";
import { decodeChunks } from "./png.ts";
import { isPng, readChunks } from "./png_chunks.ts";
import { turnPicture } from "./turn.ts";

/** Action for an image that is stored rotated: rotate it, as viewers do, or read it as stored. */
export type OrientationAction = "apply" | "ignore";

/** File name extensions of supported pictures. */
export const PICTURE_EXTENSIONS = [".png", ".jpg", ".jpeg"];

/**
 * Decodes a PNG or JPEG file. Its content determines the format, because cameras and programs mix up the extensions.
 *
 * @param action for pictures that are stored rotated, which are refused without it
 * @throws FlwrError "invalid-argument" when it is neither or damaged, "unimplemented" for unsupported kinds,
 * "resource-exhausted" when it is too large, "failed-precondition" when it is stored rotated
 */
export async function decodePicture(
  bytes: Uint8Array,
  action?: OrientationAction,
): Promise<Picture> {
  if (isPng(bytes)) {
    const chunks = readChunks(bytes);
    const stored = chunks.exif === undefined ? 1 : readOrientation(chunks.exif);
    const orientation = checkOrientation(stored, action);
    return turnPicture(decodeChunks(chunks), orientation);
  }
  if (!isJpeg(bytes)) throw otherFile(bytes);
  const header = readJpegHeader(bytes);
  const orientation = checkOrientation(header.orientation, action);
  return turnPicture(await decodeJpeg(bytes, header), orientation);
}

function checkOrientation(stored: Orientation, action?: OrientationAction): Orientation {
  if (stored === 1 || action === "apply") return stored;
  if (action === "ignore") return 1;
  throw new FlwrError(
    "failed-precondition",
    `Picture is stored rotated or mirrored (Exif orientation ${stored})`,
    {
      hints: [
        'Set orientation: "apply" to turn such pictures as viewers do',
        'Set orientation: "ignore" to take them as they are stored, as torchvision does',
      ],
    },
  );
}

function otherFile(bytes: Uint8Array): FlwrError {
  const file = fileKind(bytes);
  const [found, hint] = bytes.length === 0
    ? [": it is an empty file", "Copy or download it again"]
    : file !== undefined
    ? [`: it is ${file.name}`, file.hint]
    : [nameKind(bytes), "Convert it to PNG"];
  return new FlwrError("invalid-argument", `Picture is neither PNG nor JPEG${found}`, {
    hints: hint === undefined ? [] : [hint],
  });
}

/** First bytes of other formats, at an offset. */
const OTHER_KINDS: readonly (readonly [name: string, offset: number, start: string])[] = [
  ["GIF", 0, "GIF8"],
  ["BMP", 0, "BM"],
  ["WebP", 8, "WEBP"],
  ["TIFF", 0, "II*\0"],
  ["TIFF", 0, "MM\0*"],
  // The brand (ISO 14496-12). For other brands only the container is known.
  ["AVIF", 4, "ftypavi"],
  ["HEIC", 4, "ftyphe"],
  ["HEIC", 4, "ftypmif1"],
  ["HEIC", 4, "ftypmsf1"],
  ["a video or picture in an ISO media container", 4, "ftyp"],
  ["JPEG 2000", 4, "jP  "],
];

function nameKind(bytes: Uint8Array): string {
  const found = OTHER_KINDS.find(([, offset, start]) =>
    [...start].every((letter, i) => bytes[offset + i] === letter.charCodeAt(0))
  );
  return found === undefined ? "" : `: it looks like ${found[0]}`;
}
