import { isAbsolute, join, relative, sep as SEPARATOR } from "node:path";
import { FlwrError } from "../base/error.ts";
import { MAX_FOLDER_DEPTH } from "./limits.ts";

/** Files that are looked at in an app's folder before the build gives up: a folder that is no app's, such as "/". */
const MAX_FILES_LOOKED_AT = 200_000;

/** Folders that nothing of a bundle is ever in, and that can be large. */
const NEVER_ENTERED = new Set([".git", "__pycache__"]);

/** What is in an app's folder. */
export interface AppFiles {
  /** Files, and links to files of the same folder: paths relative to it, with "/". */
  readonly files: readonly string[];
  /**
   * Files that links would bring in: from elsewhere, through a link to a folder, or that are not there. By path, what is
   * wrong with the link.
   */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * The files below a folder. A link to a file of the same folder counts as one; what other links lead to is told, so that
 * nothing that an app needs is left out without a word, and nothing from elsewhere gets into a bundle.
 *
 * @throws FlwrError "not-found" without such a folder, "resource-exhausted" for one that is no app's by its size
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
        if (link?.isBroken) refused.set(path, `"${path}" is a link that leads to nothing`);
        else if (isFile && through !== undefined) refused.set(path, through);
        else if (isFile && link !== undefined && !isBelow(link.target, root)) {
          refused.set(path, `"${path}" is a link to a file outside of the app's folder`);
        } else if (isFile) files.push(path);
        else if (isDirectory && !NEVER_ENTERED.has(entry.name)) {
          const inside = link === undefined
            ? through
            : `"${path}" is a link to a folder, whose files cannot be in a bundle`;
          // A link to a folder above it has no end.
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
          `"${folder}" has more than ${MAX_FILES_LOOKED_AT} files, with those behind its links: it is no ` +
            "app's folder",
        );
      }
    }
  } catch (error) {
    if (error instanceof FlwrError) throw error;
    throw new FlwrError("not-found", `Folder "${folder}" cannot be read`, { cause: error });
  }
  return { files, refused };
}

/** A folder that is still to be looked at. */
interface Waiting {
  readonly prefix: string;
  /** What is wrong with the link through which it is seen, if there is one. */
  readonly through?: string;
  /** Where the links above it lead. */
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

/** A file of an app. @throws FlwrError "failed-precondition" when it cannot be read */
export async function readAppFile(folder: string, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(join(folder, ...path.split("/")));
  } catch (cause) {
    throw new FlwrError("failed-precondition", `"${join(folder, path)}" cannot be read`, { cause });
  }
}
