import { basename, join } from "node:path";
import type { CheckedFab } from "./fab.ts";
import { fabFolderName, fabLongFolderName } from "./fab.ts";
import { hasAttachments, hasNothingElse, isIntact } from "./installed_contents.ts";

/** Folder of the installed apps in Flower's home. */
export const APPS = "apps";

/**
 * File in an installed app with its FAB's hash. It cannot clash with an app's file, because `.info` is not installed.
 */
export const HASH_FILE: readonly [folder: string, file: string] = [".info", "FAB_HASH"];

/**
 * The name of an app's folder in `<home>/apps`. It is Flower's name with 8 digits of the FAB's hash, unless an existing
 * folder with this name belongs, or may belong, to another FAB; then it has the full hash. Anyone can create two FABs
 * with the same short hash, and one must not replace the other.
 *
 * @param home see `flwrHome`
 */
export async function installedFolderName(fab: CheckedFab, home: string): Promise<string> {
  const name = fabFolderName(fab.config, fab.hash);
  const isFree = await isOwnFolder(fab, join(home, APPS, name));
  return isFree ? name : fabLongFolderName(fab.config, fab.hash);
}

/**
 * Whether a folder belongs to the FAB, which may use and replace it. A folder without a recorded hash, as installed by
 * other programs, belongs to the FAB only if it contains exactly its files, unchanged.
 */
export async function isOwnFolder(fab: CheckedFab, folder: string): Promise<boolean> {
  if (basename(folder) === fabLongFolderName(fab.config, fab.hash)) return true;
  if (await Deno.lstat(folder).catch(() => undefined) === undefined) return true;
  const recorded = await recordedHash(folder);
  if (recorded !== undefined) return recorded === fab.hash;
  return await hasNothingElse(fab, folder) && await isIntact(fab, folder) &&
    await hasAttachments(fab, folder);
}

/** The recorded hash of the FAB in a folder; undefined if there is none. */
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
