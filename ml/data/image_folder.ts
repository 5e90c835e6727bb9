import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { MAX_ARRAY_BYTES } from "../../tensor/limits.ts";
import { tensor } from "../../tensor/tensor.ts";
import { findClasses, findPictures } from "./image_files.ts";
import type { ImageDataset } from "./image_dataset.ts";
import { decodePicture, type OrientationAction } from "./picture/decode.ts";
import { checkSameKind } from "./picture/picture.ts";
import { parseFile, readBytes } from "./read_bytes.ts";
import { sharedArray } from "./shared_array.ts";
import { checkBits } from "./check_bits.ts";

/** Options of {@link readImageFolder}. */
export interface ImageFolderOptions {
  /**
   * The classes in the order of their labels: names of the subfolders (default: the existing ones in ascending order).
   * List them if each node has its own folder, because a class may be missing in one.
   */
  readonly classes?: readonly string[];
  /**
   * Action for images that are stored rotated or mirrored (Exif): "apply" rotates them as viewers do, "ignore" reads
   * them as stored, as torchvision does (default: such images are refused).
   */
  readonly orientation?: OrientationAction;
}

/**
 * Reads a folder with one subfolder of PNG or JPEG images per class, like torchvision's ImageFolder; folders within a
 * class and links are followed. All images must have the same size, and all must be grey or all in colour. Transparency
 * is dropped, and samples of 16 bits are cut to their upper 8. Images of 16 bits that use at most the lower 12, such as
 * those of medical devices and label masks, are refused, because little or nothing of them would be left.
 *
 * Each entry is read or refused by name. Ignored are hidden entries (".…"), Thumbs.db, desktop.ini, and files next to
 * the class folders that are not images.
 *
 * @param folder path of the folder with the class folders
 * @returns images, uint8 [images, channels, height, width], and labels, int64 [images], in memory that threads share
 * @throws FlwrError "invalid-argument" that names the image that does not fit, "not-found" when there are no images,
 * "unimplemented" for an unsupported kind of image, "failed-precondition" for an image that is stored rotated,
 * "resource-exhausted" when the images are too large
 * @example
 * ```ts
 * const train = await readImageFolder("leaves/train"); // leaves/train/oak/1.png, leaves/train/elm/1.jpg, …
 * ```
 */
export async function readImageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<ImageDataset> {
  const classes = await findClasses(folder, options.classes);
  const files: { path: string; label: number }[] = [];
  for (const [label, name] of classes.entries()) {
    const paths = await findPictures(join(folder, name), options.classes !== undefined, [
      "Remove it, or name all classes in the option classes",
    ]);
    for (const path of paths) files.push({ path, label });
  }
  const read = async (path: string) => {
    const bytes = await readBytes(path);
    return await parseFile(path, () => decodePicture(bytes, options.orientation));
  };
  const [firstFile] = files;
  if (firstFile === undefined) {
    throw new FlwrError("not-found", `Folder "${folder}" has no pictures in folders of classes`);
  }
  const first = await read(firstFile.path);
  const size = first.planes.length;
  if (size * files.length > MAX_ARRAY_BYTES) {
    throw new FlwrError(
      "resource-exhausted",
      `Folder "${folder}" has ${files.length} pictures of ${size} bytes: together they are larger than ` +
        `${MAX_ARRAY_BYTES} bytes`,
      { hints: ["Make the pictures smaller, or read the folder in parts"] },
    );
  }
  const x = sharedArray("uint8", files.length * size);
  const usedBits: number[] = [];
  for (const [i, { path }] of files.entries()) {
    const picture = i === 0 ? first : checkSameKind(path, await read(path), first);
    x.set(picture.planes, i * size);
    if (picture.usedBits !== undefined) usedBits.push(picture.usedBits);
  }
  checkBits(folder, usedBits);
  return {
    x: tensor("uint8", [files.length, first.channels, first.height, first.width], x),
    y: tensor("int64", [files.length], BigInt64Array.from(files, ({ label }) => BigInt(label))),
    classes,
  };
}
