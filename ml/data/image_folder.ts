import { extname, join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import type { ImageDataset } from "./image_dataset.ts";
import { decodePng, type Picture } from "./png.ts";
import { fileError, parseFile, readBytes } from "./read_bytes.ts";
import { sharedArray } from "./shared_array.ts";

/** How to read an image folder. */
export interface ImageFolderOptions {
  /**
   * The classes in the order of their labels: names of the folders. Name them where each node has a folder of its own, as a
   * class may be missing in one; default those that are there, in ascending order.
   */
  readonly classes?: readonly string[];
}

/**
 * Reads a folder that has one folder of PNG pictures for each class, as torchvision's ImageFolder. All pictures must
 * have one size, and all be grey or all be in colour. JPEG pictures are not read: convert them.
 *
 * @throws FlwrError "invalid-argument" that names the picture that does not fit, "not-found" where there are none
 * @example
 * ```ts
 * const train = await readImageFolder("leaves/train"); // leaves/train/oak/1.png, leaves/train/elm/1.png, …
 * ```
 */
export async function readImageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<ImageDataset> {
  const classes = options.classes ?? await names(folder, ({ isDirectory }) => isDirectory);
  const pictures: Picture[] = [];
  const labels: number[] = [];
  for (const [label, name] of classes.entries()) {
    const place = join(folder, name);
    for (const file of await names(place, ({ isFile }) => isFile, options.classes !== undefined)) {
      const path = join(place, file);
      pictures.push(checkSize(path, await readPicture(path), pictures[0]));
      labels.push(label);
    }
  }
  const [first] = pictures;
  if (first === undefined) {
    throw new FlwrError("not-found", `Folder "${folder}" has no pictures in folders of classes`);
  }
  const size = first.planes.length;
  const x = sharedArray("uint8", pictures.length * size);
  pictures.forEach(({ planes }, i) => x.set(planes, i * size));
  return {
    x: tensor("uint8", [pictures.length, first.channels, first.height, first.width], x),
    y: tensor("int64", [pictures.length], BigInt64Array.from(labels, BigInt)),
    classes,
  };
}

/** The names in a folder, sorted; hidden ones are passed over. */
async function names(
  folder: string,
  wanted: (entry: Deno.DirEntry) => boolean,
  mayBeMissing = false,
): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (wanted(entry) && !entry.name.startsWith(".")) found.push(entry.name);
    }
  } catch (error) {
    if (!(mayBeMissing && error instanceof Deno.errors.NotFound)) throw fileError(folder, error);
  }
  return found.sort();
}

async function readPicture(path: string): Promise<Picture> {
  if (extname(path).toLowerCase() !== ".png") {
    throw new FlwrError("invalid-argument", `File "${path}" is not a .png picture`, {
      hints: ["Convert other pictures to PNG, and keep other files outside of the class folders"],
    });
  }
  const bytes = await readBytes(path);
  return await parseFile(path, () => decodePng(bytes));
}

function checkSize(path: string, picture: Picture, first = picture): Picture {
  const size = ({ width, height, channels }: Picture) =>
    `${width}×${height} pixels in ${channels === 1 ? "grey" : "colour"}`;
  if (size(picture) === size(first)) return picture;
  throw new FlwrError(
    "invalid-argument",
    `File "${path}" has ${size(picture)}: the pictures before it have ${size(first)}`,
  );
}
