import { join } from "node:path";
import type { CheckedFab } from "./fab.ts";
import { fabFolderName, fabLongFolderName } from "./fab.ts";
import { filesToInstall } from "./installed_files.ts";

/** The folder below Flower's home that holds the apps. */
export const APPS = "apps";

/** The file of an installed app that has its bundle's hash: no file of a bundle is installed below `.info`. */
export const HASH_FILE: readonly [folder: string, file: string] = [".info", "FAB_HASH"];

/**
 * The name of an app's folder below `<home>/apps`. It is Flower's, which has 8 digits of the bundle's hash, unless what
 * has this name already is another bundle's, or cannot be told from one: then the name has the whole hash. Anybody can
 * make two bundles whose hashes begin alike, and neither may become the other.
 *
 * @param home as `flwrHome` says
 */
export async function installedFolderName(fab: CheckedFab, home: string): Promise<string> {
  const { config, hash } = fab;
  const name = fabFolderName(config, hash);
  const folder = join(home, APPS, name);
  if (await Deno.lstat(folder).catch(() => undefined) === undefined) return name;
  const recorded = await recordedHash(folder);
  const isOurs = recorded === undefined ? await hasNothingElse(fab, folder) : recorded === hash;
  return isOurs ? name : fabLongFolderName(config, hash);
}

/** The hash of the bundle that was installed to a folder; undefined where that is not recorded. */
export async function recordedHash(folder: string): Promise<string | undefined> {
  const file = join(folder, ...HASH_FILE);
  try {
    const { isFile, size } = await Deno.lstat(file);
    const text = isFile && size === 64 ? await Deno.readTextFile(file) : "";
    return /^[0-9a-f]{64}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a folder, as other programs install apps, has no file that the bundle has not. */
async function hasNothingElse(fab: CheckedFab, folder: string): Promise<boolean> {
  const known = new Set([
    ...[...filesToInstall(fab)].map(([path]) => path),
    ...fab.attachments.map(({ path }) => path),
  ]);
  const holdsOnlyKnown = async (prefix: string): Promise<boolean> => {
    for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
      const path = prefix + name;
      if (isDirectory ? !await holdsOnlyKnown(`${path}/`) : !known.has(path)) return false;
    }
    return true;
  };
  return await holdsOnlyKnown("").catch(() => false);
}
