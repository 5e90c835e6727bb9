import { join, relative, sep } from "node:path";
import { FlwrError } from "../../base/error.ts";

/** Most files that an app's folder may hold: all are looked at before the app is started. */
const MAX_APP_FILES = 10_000;

/**
 * Makes sure that an app's folder holds plain files and folders only: Deno follows a link without asking whether the
 * place it leads to may be read.
 *
 * @throws FlwrError "permission-denied" that names the link, "resource-exhausted" when there are too many files
 */
export async function requirePlainFiles(folder: string): Promise<void> {
  const waiting = [folder];
  let files = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for await (const entry of Deno.readDir(next)) {
      const path = join(next, entry.name);
      files += 1;
      if (files > MAX_APP_FILES) {
        throw new FlwrError(
          "resource-exhausted",
          `App folder "${folder}" has more than ${MAX_APP_FILES} files`,
        );
      }
      if (entry.isDirectory) waiting.push(path);
      else if (!entry.isFile) {
        throw new FlwrError(
          "permission-denied",
          `"${path}" in the app's folder is no plain file: it could lead out of the folder`,
        );
      }
    }
  }
}

/**
 * What a sandboxed app is granted to read: each path as it was given and as it really is, for permissions are compared by
 * text.
 *
 * @param secret files that must not be within reach
 * @throws FlwrError "not-found" for a path that is not there, "permission-denied" for one that holds a secret
 */
export async function grantedPaths(
  paths: readonly string[],
  secret: readonly string[],
): Promise<string[]> {
  const secrets = await Promise.all(secret.map((path) => Deno.realPath(path).catch(() => path)));
  const granted = new Set<string>();
  for (const path of paths) {
    const real = await realPath(path);
    const exposed = secrets.find((file) => isWithin(real, file));
    if (exposed !== undefined) {
      throw new FlwrError(
        "permission-denied",
        `"${path}" may not be granted: it holds "${exposed}"`,
        {
          hints: ["Move the node's keys out of it, or grant the folders with data one by one"],
        },
      );
    }
    granted.add(path).add(real);
  }
  return [...granted];
}

async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (cause) {
    throw new FlwrError("not-found", `"${path}" cannot be granted: it is not there`, { cause });
  }
}

/** Whether a path is a folder's, or lies in it. */
function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" ||
    (way.split(sep)[0] !== ".." && !way.startsWith(sep) && !/^[A-Za-z]:/.test(way));
}
