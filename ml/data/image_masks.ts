import { extname, join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { MAX_ARRAY_BYTES } from "../../tensor/limits.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Dataset } from "../../tensor/dataset.ts";
import { findPictures } from "./image_files.ts";
import { decodePicture, type OrientationAction } from "./picture/decode.ts";
import { checkSameKind, type Picture } from "./picture/picture.ts";
import { decodePngNumbers } from "./picture/png.ts";
import { isPng } from "./picture/png_chunks.ts";
import { parseFile, readBytes } from "./read_bytes.ts";
import { sharedArray } from "./shared_array.ts";
import { checkBits } from "./check_bits.ts";

/** Images with a mask each, held in memory. */
export interface ImageMasks extends Dataset {
  /** [images, channels, height, width], 0 to 255. */
  readonly x: Tensor<"uint8">;
  /** [images, height, width]: the class of each pixel. */
  readonly y: Tensor<"uint8">;
}

/** Options of {@link readImageMasks}. */
export interface ImageMasksOptions {
  /**
   * The numbers in the masks, in the order of the classes: with [0, 255], they become classes 0 and 1. Any other number
   * is refused. Default: each number is its class.
   */
  readonly values?: readonly number[];
  /** Text that follows the image's name in the mask's name: "_mask" pairs a.jpg with a_mask.png. Default: none. */
  readonly maskSuffix?: string;
  /**
   * Action for images that are stored rotated or mirrored (Exif): "apply" rotates them as viewers do, "ignore" reads
   * them as stored. Masks are always read as stored. Default: such images are refused.
   */
  readonly orientation?: OrientationAction;
}

/**
 * Reads a folder of PNG or JPEG images, and one of masks that name the class of each pixel, for segmentation. A mask is a
 * PNG of its image's size, grey or with a palette: its grey values or palette indices are the classes, colours play no
 * part. It has its image's path and name, but for the extension. All images must have one size, and all be grey or all be
 * in colour; what else holds for images is as for `readImageFolder`. They come by folder, then by name.
 *
 * Every entry counts or is refused by name, in either folder: an image without a mask, a mask without an image, a file that
 * is no picture. Passed over are hidden ones (".…"), Thumbs.db and desktop.ini.
 *
 * @param images folder of the images; folders in it and links are followed
 * @param masks folder of the masks
 * @throws FlwrError "invalid-argument" that names the file that does not fit, "not-found" where there are no pictures, or a
 *   folder is not there, "unimplemented" for a picture of a kind that is not read, "failed-precondition" for one that is
 *   stored turned, "resource-exhausted" where the images are too large
 * @example
 * ```ts
 * // scans/1.jpg, scans/2.jpg; masks/1.png, masks/2.png with 0 for background and 255 for the organ
 * const data = await readImageMasks("scans", "masks", { values: [0, 255] });
 * ```
 */
export async function readImageMasks(
  images: string,
  masks: string,
  options: ImageMasksOptions = {},
): Promise<ImageMasks> {
  const classOf = classesBy(options.values);
  const pairs = await findPairs(images, masks, options.maskSuffix ?? "");
  const readImage = async ({ image }: Pair) => {
    const bytes = await readBytes(image);
    return await parseFile(image, () => decodePicture(bytes, options.orientation));
  };
  const first = await readImage(pairs[0]!);
  const [size, area] = [first.planes.length, first.width * first.height];
  if (size * pairs.length > MAX_ARRAY_BYTES) {
    throw new FlwrError(
      "resource-exhausted",
      `Folder "${images}" has ${pairs.length} images of ${size} bytes: together they are larger than ` +
        `${MAX_ARRAY_BYTES} bytes`,
      { hints: ["Make the images smaller, or read the folder in parts"] },
    );
  }
  const x = sharedArray("uint8", pairs.length * size);
  const y = sharedArray("uint8", pairs.length * area);
  const usedBits: number[] = [];
  for (const [i, pair] of pairs.entries()) {
    const image = i === 0 ? first : checkSameKind(pair.image, await readImage(pair), first);
    x.set(image.planes, i * size);
    if (image.usedBits !== undefined) usedBits.push(image.usedBits);
    y.set(await readMask(pair, image, classOf), i * area);
  }
  checkBits(images, usedBits);
  return {
    x: tensor("uint8", [pairs.length, first.channels, first.height, first.width], x),
    y: tensor("uint8", [pairs.length, first.height, first.width], y),
  };
}

/** An image and its mask. */
interface Pair {
  readonly image: string;
  readonly mask: string;
}

async function findPairs(images: string, masks: string, suffix: string): Promise<Pair[]> {
  const byImage = await byName(images, "");
  const byMask = await byName(masks, suffix);
  for (const [name, mask] of byMask) {
    if (byImage.has(name)) continue;
    throw new FlwrError(
      "invalid-argument",
      `Mask "${mask}" has no image "${name}" in "${images}"`,
      {
        hints: ["Move it away, or add the image"],
      },
    );
  }
  return [...byImage].map(([name, image]) => {
    const mask = byMask.get(name);
    if (mask !== undefined) return { image, mask };
    throw new FlwrError(
      "invalid-argument",
      `Image "${image}" has no mask "${name}${suffix}.png" in "${masks}"`,
      {
        hints: [
          "Move it away, or add the mask",
          "If the masks' names have something behind the images', say so with maskSuffix",
        ],
      },
    );
  });
}

/** The pictures of a folder by their paths in it, without extensions and the suffix. */
async function byName(folder: string, suffix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const root = join(folder, "x").slice(0, -1);
  for (const path of await findPictures(folder, false)) {
    const stem = path.slice(root.length, -extname(path).length);
    if (!stem.endsWith(suffix)) {
      throw new FlwrError(
        "invalid-argument",
        `The name of mask "${path}" does not end with "${suffix}"`,
        {
          hints: ["Move it away, or set maskSuffix to what all masks have"],
        },
      );
    }
    const name = stem.slice(0, stem.length - suffix.length).replaceAll("\\", "/");
    const other = found.get(name);
    if (other !== undefined) {
      throw new FlwrError("invalid-argument", `Files "${other}" and "${path}" have the same name`, {
        hints: ["Keep one of them"],
      });
    }
    found.set(name, path);
  }
  return found;
}

/** The classes of an image's pixels. */
async function readMask(
  { mask: path }: Pair,
  image: Picture,
  classOf: Int16Array,
): Promise<Uint8Array> {
  const bytes = await readBytes(path);
  return await parseFile(path, () => {
    if (!isPng(bytes)) {
      throw new FlwrError("invalid-argument", "Mask is not a PNG picture", {
        hints: ["Save masks as PNG: JPEG changes the numbers of pixels"],
      });
    }
    const mask = decodePngNumbers(bytes);
    if (mask.width !== image.width || mask.height !== image.height) {
      throw new FlwrError(
        "invalid-argument",
        `Mask has ${pictureSize(mask)}: its image has ${pictureSize(image)}`,
      );
    }
    return mask.planes.map((number, at) => {
      const label = classOf[number]!;
      if (label >= 0) return label;
      throw new FlwrError(
        "invalid-argument",
        `Mask has the number ${number} at column ${at % mask.width}, row ${
          Math.floor(at / mask.width)
        }, which is none of the option values`,
        { hints: ["Add it to values, or correct the mask"] },
      );
    });
  });
}

const pictureSize = ({ width, height }: Picture) => `${width}×${height} pixels`;

/** The class of each number from 0 to 255; −1 for one that may not be there. */
function classesBy(values: readonly number[] | undefined): Int16Array {
  if (values === undefined) return Int16Array.from({ length: 256 }, (_, number) => number);
  const isNumber = (n: unknown) =>
    Number.isInteger(n) && (n as number) >= 0 && (n as number) <= 255;
  if (values.length === 0 || !values.every(isNumber) || new Set(values).size < values.length) {
    throw new FlwrError(
      "invalid-argument",
      `Option values must be different whole numbers from 0 to 255: got ${JSON.stringify(values)}`,
    );
  }
  const classes = new Int16Array(256).fill(-1);
  values.forEach((value, label) => classes[value] = label);
  return classes;
}
