import { join } from "node:path";
import { FlwrError } from "../base/error.ts";
import { MAX_FILES_LOOKED_AT } from "./limits.ts";

/** Folders that nothing of a bundle is ever in, and that can be large. */
const NEVER_ENTERED = new Set([".git", "__pycache__"]);

/**
 * The files below a folder, links left out: what they point to may be anywhere.
 *
 * @returns paths relative to the folder, with "/"
 * @throws FlwrError "not-found" without such a folder, "resource-exhausted" for one that is no app's by its size
 */
export async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  const waiting = [""];
  try {
    for (let prefix = waiting.pop(); prefix !== undefined; prefix = waiting.pop()) {
      for await (const { name, isFile, isDirectory } of Deno.readDir(join(folder, prefix))) {
        if (isFile) files.push(prefix + name);
        else if (isDirectory && !NEVER_ENTERED.has(name)) waiting.push(`${prefix}${name}/`);
      }
      if (files.length > MAX_FILES_LOOKED_AT) {
        throw new FlwrError(
          "resource-exhausted",
          `"${folder}" has more than ${MAX_FILES_LOOKED_AT} files: it is no app's folder`,
        );
      }
    }
  } catch (error) {
    if (error instanceof FlwrError) throw error;
    throw new FlwrError("not-found", `Folder "${folder}" cannot be read`, { cause: error });
  }
  return files;
}

/** A file of an app. @throws FlwrError "failed-precondition" when it cannot be read */
export async function readAppFile(folder: string, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(join(folder, ...path.split("/")));
  } catch (cause) {
    throw new FlwrError("failed-precondition", `"${join(folder, path)}" cannot be read`, { cause });
  }
}
