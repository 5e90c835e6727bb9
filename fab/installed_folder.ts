import { basename, join } from "node:path";
import type { CheckedFab } from "./fab.ts";
import { fabFolderName, fabLongFolderName } from "./fab.ts";
import { hasAttachments, hasNothingElse, isIntact } from "./installed_contents.ts";

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
  const name = fabFolderName(fab.config, fab.hash);
  const isFree = await isOwnFolder(fab, join(home, APPS, name));
  return isFree ? name : fabLongFolderName(fab.config, fab.hash);
}

/**
 * Whether a folder of {@link installedFolderName} is the bundle's to use and to replace. One without a record of its
 * bundle, as other programs install apps, is only if it has each of the bundle's files, unchanged, and no others.
 */
export async function isOwnFolder(fab: CheckedFab, folder: string): Promise<boolean> {
  if (basename(folder) === fabLongFolderName(fab.config, fab.hash)) return true;
  if (await Deno.lstat(folder).catch(() => undefined) === undefined) return true;
  const recorded = await recordedHash(folder);
  if (recorded !== undefined) return recorded === fab.hash;
  return await hasNothingElse(fab, folder) && await isIntact(fab, folder) &&
    await hasAttachments(fab, folder);
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
