import { join } from "node:path";
import { sameBytes } from "../base/bytes.ts";
import { isAttachmentFile } from "./attachments.ts";
import type { CheckedFab } from "./fab.ts";
import { filesToInstall } from "./installed_files.ts";

/** Whether each file of the FAB is in the folder, unchanged and not as a link. */
export async function isIntact(fab: CheckedFab, folder: string): Promise<boolean> {
  for (const [path, content] of filesToInstall(fab)) {
    const file = join(folder, ...path.split("/"));
    try {
      const { isFile, size } = await Deno.lstat(file);
      if (!isFile || size !== content.length) return false;
      if (!sameBytes(await Deno.readFile(file), content)) return false;
    } catch {
      return false; // missing or unreadable: installing reports which
    }
  }
  return true;
}

/** Whether each attachment of the FAB is in the folder, unchanged. */
export async function hasAttachments(fab: CheckedFab, folder: string): Promise<boolean> {
  for (const attachment of fab.attachments) {
    const file = join(folder, ...attachment.path.split("/"));
    if (!await isAttachmentFile(attachment, file)) return false;
  }
  return true;
}

/** Whether a folder contains only files and attachments of the FAB. */
export async function hasNothingElse(fab: CheckedFab, folder: string): Promise<boolean> {
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
