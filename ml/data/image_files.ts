import { extname, join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { PICTURE_EXTENSIONS } from "./picture/decode.ts";
import { fileError } from "./read_bytes.ts";

/** Deepest nesting of folders of images. */
const MAX_FOLDER_DEPTH = 32;

/** Files of file managers. Their hidden files (".DS_Store", "._1.png") are ignored like all hidden files. */
const LEFT_BEHIND = ["thumbs.db", "desktop.ini"];

/** An entry of a folder; links are resolved. */
interface Entry {
  readonly name: string;
  readonly path: string;
  readonly kind: "file" | "folder";
}

/**
 * The classes of a folder: the names of its subfolders in ascending order, or the given ones.
 *
 * @throws FlwrError "invalid-argument" for a subfolder that is not a given class, and for an image outside of all
 * classes
 */
export async function findClasses(
  folder: string,
  given: readonly string[] | undefined,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name, path, kind } of await entries(folder)) {
    if (kind === "folder") found.push(name);
    else if (isPicture(name)) {
      throw new FlwrError("invalid-argument", `File "${path}" is not in a class folder`);
    }
  }
  if (given === undefined) return found;
  const unknown = found.find((name) => !given.includes(name));
  if (unknown === undefined) return given;
  throw new FlwrError(
    "invalid-argument",
    `Folder "${join(folder, unknown)}" is not one of the classes: ${given.join(", ")}`,
    { hints: ["Add it to classes, or move it away"] },
  );
}

/**
 * The pictures in a folder and those below, in the order of torchvision: by folder, then by name.
 *
 * @param mayBeEmpty whether the folder may be missing, or have no pictures
 * @param hints what to do where it has none and may not
 * @throws FlwrError "invalid-argument" for an entry that is not a picture, and for links that lead in a circle
 */
export async function findPictures(
  folder: string,
  mayBeEmpty: boolean,
  hints: readonly string[] = [],
): Promise<string[]> {
  const byFolder = new Map<string, string[]>();
  const walk = async (place: string, above: readonly string[]): Promise<void> => {
    const own = await identity(place);
    if (above.includes(own) || above.length === MAX_FOLDER_DEPTH) {
      const why = above.includes(own) ? "leads back to a folder above it" : "is nested too deeply";
      throw new FlwrError("invalid-argument", `Folder "${place}" ${why}`);
    }
    const files: string[] = [];
    byFolder.set(place, files);
    for (const { name, path, kind } of await entries(place)) {
      if (kind === "folder") await walk(path, [...above, own]);
      else if (isPicture(name)) files.push(path);
      else {
        throw new FlwrError("invalid-argument", `File "${path}" is not a PNG or JPEG picture`, {
          hints: [
            "Convert other images to PNG, and keep other files out of folders with pictures",
          ],
        });
      }
    }
  };
  if (mayBeEmpty && !await exists(folder)) return [];
  await walk(folder, []);
  const pictures = [...byFolder.keys()].sort().flatMap((place) => byFolder.get(place)!);
  if (pictures.length > 0 || mayBeEmpty) return pictures;
  throw new FlwrError("not-found", `Folder "${folder}" has no pictures`, { hints });
}

function isPicture(name: string): boolean {
  return PICTURE_EXTENSIONS.includes(extname(name).toLowerCase());
}

/** The entries of a folder in ascending order of their names, without hidden files and files of file managers. */
async function entries(folder: string): Promise<Entry[]> {
  const found: Entry[] = [];
  try {
    for await (const { name, isSymlink, ...entry } of Deno.readDir(folder)) {
      if (name.startsWith(".") || LEFT_BEHIND.includes(name.toLowerCase())) continue;
      const path = join(folder, name);
      const { isFile, isDirectory } = isSymlink ? await behindLink(path) : entry;
      if (!isFile && !isDirectory) {
        throw new FlwrError("invalid-argument", `"${path}" is neither a file nor a folder`);
      }
      found.push({ name, path, kind: isFile ? "file" : "folder" });
    }
  } catch (error) {
    throw fileError(folder, error);
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Identifies a folder, to detect cycles. The real path would need the permission to read the current folder. */
async function identity(folder: string): Promise<string> {
  try {
    const { dev, ino } = await Deno.stat(folder);
    return ino === null ? folder : `${dev}:${ino}`;
  } catch (error) {
    throw fileError(folder, error);
  }
}

async function behindLink(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw fileError(path, error);
    throw new FlwrError("not-found", `Link "${path}" is broken: its target does not exist`, {
      cause: error,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw fileError(path, error);
  }
}
