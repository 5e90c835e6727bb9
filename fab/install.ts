import { dirname, join } from "node:path";
import { FlwrError } from "../base/error.ts";
import type { AppConfig } from "./app_config.ts";
import type { Attachment } from "./attachments.ts";
import type { CheckedFab } from "./fab.ts";
import { filesToInstall } from "./installed_files.ts";
import { hasAttachments, isIntact } from "./installed_contents.ts";
import { APPS, HASH_FILE, installedFolderName, isOwnFolder } from "./installed_folder.ts";

/** Only the user reads what is installed: an app may hold what it was given in confidence. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * Puts an attachment's bytes, checked, into a file that is not there yet.
 *
 * @throws FlwrError when they cannot be had
 */
export type PlaceAttachment = (attachment: Attachment, file: string) => Promise<void>;

/** An app that can be loaded: its components are modules in the folder. */
export interface InstalledApp {
  readonly folder: string;
  readonly config: AppConfig;
  /** SHA-256 of the bundle. */
  readonly hash: string;
  /** Whether it was there already, every file as the bundle has it. */
  readonly wasThere: boolean;
}

/**
 * Installs a bundle to `<home>/apps/<publisher>.<name>.<version>.<hash8>`, the folder that Flower uses, or beside it where
 * that is another bundle's (see installedFolderName). The folder is there whole or not at all. One that is there already
 * is kept when each file of the bundle is in it unchanged, and is replaced otherwise.
 *
 * @param home as `flwrHome` says
 * @param place where the bundle's attachments come from; without it the app is installed without them
 * @throws FlwrError "failed-precondition" when the folder cannot be written; what `place` throws
 */
export async function installFab(
  fab: CheckedFab,
  home: string,
  place?: PlaceAttachment,
): Promise<InstalledApp> {
  const { config, hash } = fab;
  const apps = join(home, APPS);
  const folder = join(apps, await installedFolderName(fab, home));
  const isWhole = async () =>
    await isIntact(fab, folder) && (place === undefined || await hasAttachments(fab, folder));
  if (await isWhole()) return { folder, config, hash, wasThere: true };
  try {
    await Deno.mkdir(apps, { recursive: true, mode: FOLDER_MODE });
    // A sibling of what it becomes: renaming works only within a file system.
    const staging = await Deno.makeTempDir({ dir: apps, prefix: ".installing-" });
    try {
      const unpacked = join(staging, "new");
      await unpack(fab, unpacked, place);
      const isOurs = () => isOwnFolder(fab, folder);
      await putInPlace(unpacked, folder, { aside: join(staging, "old"), isWhole, isOurs });
    } finally {
      await Deno.remove(staging, { recursive: true });
    }
  } catch (cause) {
    if (cause instanceof FlwrError) throw cause;
    // Another process may have moved the same damaged folder aside, and put a whole one there.
    if (!await isWhole()) {
      throw new FlwrError("failed-precondition", `App cannot be installed to "${folder}"`, {
        cause,
      });
    }
  }
  return { folder, config, hash, wasThere: false };
}

async function unpack(
  fab: CheckedFab,
  folder: string,
  place: PlaceAttachment | undefined,
): Promise<void> {
  for (const [path, content] of filesToInstall(fab)) {
    const file = join(folder, ...path.split("/"));
    await Deno.mkdir(dirname(file), { recursive: true, mode: FOLDER_MODE });
    await Deno.writeFile(file, content, { mode: FILE_MODE, createNew: true });
  }
  const [info, hashFile] = HASH_FILE;
  await Deno.mkdir(join(folder, info), { recursive: true, mode: FOLDER_MODE });
  await Deno.writeTextFile(join(folder, info, hashFile), fab.hash, { mode: FILE_MODE });
  if (place === undefined) return;
  for (const attachment of fab.attachments) {
    const file = join(folder, ...attachment.path.split("/"));
    await Deno.mkdir(dirname(file), { recursive: true, mode: FOLDER_MODE });
    await place(attachment, file);
  }
}

/** Gives a new folder its name. What has that name already stays if it is right, and moves aside if not. */
async function putInPlace(
  unpacked: string,
  folder: string,
  { aside, isWhole, isOurs }: {
    readonly aside: string;
    readonly isWhole: () => Promise<boolean>;
    readonly isOurs: () => Promise<boolean>;
  },
): Promise<void> {
  try {
    await Deno.rename(unpacked, folder);
  } catch {
    // Most likely a folder is there: which error tells so differs between systems.
    if (!await isOurs()) throw alike(folder);
    if (await isWhole()) return;
    await Deno.rename(folder, aside);
    await Deno.rename(unpacked, folder);
  }
}

/** Two whose hashes begin alike were installed at the same time. */
function alike(folder: string): FlwrError {
  return new FlwrError(
    "unavailable",
    `Another app has just been installed to "${folder}": its hash begins alike`,
    { hints: ["Try again: this app then gets a folder with its whole hash"] },
  );
}
