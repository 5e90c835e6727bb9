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
import { checkBits } from "./used_bits.ts";

/** How to read an image folder. */
export interface ImageFolderOptions {
  /**
   * The classes in the order of their labels: names of the folders. Name them where each node has a folder of its own, as a
   * class may be missing in one; default those that are there, in ascending order.
   */
  readonly classes?: readonly string[];
  /**
   * What to do with pictures that are stored turned (Exif): "apply" turns them as viewers do, "ignore" takes them
   * as they are stored, as torchvision does. Default: such a picture is refused.
   */
  readonly orientation?: OrientationAction;
}

/**
 * Reads a folder that has one folder of PNG or JPEG pictures for each class, as torchvision's ImageFolder: folders within
 * a class and links are followed. All pictures must have one size, and all be grey or all be in colour. Transparency is
 * dropped, 16 bits become their upper 8. Pictures of 16 bits that use no more than the lower 12, as devices write them and
 * masks of labels have, are refused: little or nothing of them would be left.
 *
 * Every entry counts or is refused by name. Passed over are hidden ones (".…"), Thumbs.db and desktop.ini, and other files
 * beside the folders of the classes that are not pictures.
 *
 * @throws FlwrError "invalid-argument" that names the picture that does not fit, "not-found" where there are none,
 *   "unimplemented" for a picture of a kind that is not read, "failed-precondition" for one that is stored turned,
 *   "resource-exhausted" where the pictures are too large
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
