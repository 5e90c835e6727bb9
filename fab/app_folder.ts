import { isAbsolute, join, relative, sep as SEPARATOR } from "node:path";
import { FlwrError } from "../base/error.ts";
import { MAX_FOLDER_DEPTH } from "./limits.ts";

/** Largest number of files in an app's folder. More means a wrong folder, such as "/". */
const MAX_FILES_LOOKED_AT = 200_000;

/** Folders to skip: they can be large, and none of their files is ever bundled. */
const NEVER_ENTERED = new Set([".git", "__pycache__"]);

/** Files of an app's folder. */
export interface AppFiles {
  /** Files, and links to files within the folder, as relative paths with "/". */
  readonly files: readonly string[];
  /**
   * Files that may not be bundled because of a link: it leads outside of the folder, to a folder, or to nothing. By
   * path, with the problem as a sentence.
   */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Lists the files of a folder. A link to a file within the folder counts as a file. Other links are reported, so that
 * no file is silently left out, and no file from outside gets into a bundle.
 *
 * @throws FlwrError not-found if the folder does not exist; resource-exhausted if it has too many files
 */
export async function listFiles(folder: string): Promise<AppFiles> {
  const files: string[] = [];
  const refused = new Map<string, string>();
  const waiting: Waiting[] = [{ prefix: "", above: [] }];
  try {
    const root = await Deno.realPath(folder);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { prefix, through, above } = next;
      for await (const entry of Deno.readDir(join(folder, prefix))) {
        const path = prefix + entry.name;
        const link = entry.isSymlink ? await behindLink(join(folder, path)) : undefined;
        const { isFile, isDirectory } = link ?? entry;
        if (link?.isBroken) refused.set(path, `"${path}" is a broken link`);
        else if (isFile && through !== undefined) refused.set(path, through);
        else if (isFile && link !== undefined && !isBelow(link.target, root)) {
          refused.set(path, `"${path}" is a link to a file outside of the app's folder`);
        } else if (isFile) files.push(path);
        else if (isDirectory && !NEVER_ENTERED.has(entry.name)) {
          const inside = link === undefined
            ? through
            : `"${path}" is a link to a folder, whose files cannot be in a bundle`;
          // A link to a folder above it would never end.
          if (link !== undefined && above.includes(link.target)) continue;
          const own = link === undefined ? above : [...above, link.target];
          if (own.length <= MAX_FOLDER_DEPTH) {
            waiting.push({ prefix: `${path}/`, through: inside, above: own });
          }
        }
      }
      if (files.length + refused.size > MAX_FILES_LOOKED_AT) {
        throw new FlwrError(
          "resource-exhausted",
          `"${folder}" is not an app folder: it has more than ${MAX_FILES_LOOKED_AT} files, including ` +
            "those behind links",
        );
      }
    }
  } catch (error) {
    if (error instanceof FlwrError) throw error;
    throw new FlwrError("not-found", `Folder "${folder}" cannot be read`, { cause: error });
  }
  return { files, refused };
}

/** A folder that is still to be listed. */
interface Waiting {
  readonly prefix: string;
  /** Problem of the link through which the folder is reached, if any. */
  readonly through?: string;
  /** Targets of the links on the path to the folder. */
  readonly above: readonly string[];
}

interface Link {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isBroken: boolean;
  readonly target: string;
}

async function behindLink(path: string): Promise<Link> {
  try {
    const target = await Deno.realPath(path);
    const { isFile, isDirectory } = await Deno.stat(target);
    return { isFile, isDirectory, isBroken: false, target };
  } catch {
    return { isFile: false, isDirectory: false, isBroken: true, target: "" };
  }
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${SEPARATOR}`) && !isAbsolute(way);
}

/** Reads a file of an app. @throws FlwrError failed-precondition if it cannot be read */
export async function readAppFile(folder: string, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(join(folder, ...path.split("/")));
  } catch (cause) {
    throw new FlwrError("failed-precondition", `"${join(folder, path)}" cannot be read`, { cause });
  }
}
