import { join, relative, sep } from "node:path";
import { FlwrError } from "../../base/error.ts";

/** Most files in an app's folder, because each is checked before the app is started. */
const MAX_APP_FILES = 10_000;

/**
 * Checks that an app's folder contains only plain files and folders. Links are refused, because Deno follows them
 * without checking the permission to read their target.
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
          `"${path}" in the app's folder is not a plain file: a link could lead out of the folder`,
        );
      }
    }
  }
}

/**
 * The paths that a sandboxed app may read: each as given and with its links resolved, because Deno compares permissions
 * by text.
 *
 * @param secret files that must not be readable
 * @throws FlwrError "not-found" for a path that does not exist, "permission-denied" for one that contains a secret file
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
        `Apps may not read "${path}": it contains "${exposed}"`,
        {
          hints: ["Move the node's keys elsewhere, or grant the folders with data one by one"],
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
    throw new FlwrError("not-found", `Apps cannot read "${path}": it does not exist`, { cause });
  }
}

/** Whether a path is the folder itself or lies in it. */
function isWithin(folder: string, path: string): boolean {
  const rest = relative(folder, path);
  return rest === "" ||
    (rest.split(sep)[0] !== ".." && !rest.startsWith(sep) && !/^[A-Za-z]:/.test(rest));
}
