import { dirname, join } from "node:path";
import { FlwrError } from "../base/error.ts";
import type { AppConfig } from "./app_config.ts";
import type { Attachment } from "./attachments.ts";
import type { CheckedFab } from "./fab.ts";
import { filesToInstall } from "./installed_files.ts";
import { hasAttachments, isIntact } from "./installed_contents.ts";
import { APPS, HASH_FILE, installedFolderName, isOwnFolder } from "./installed_folder.ts";

/** Readable only by the user, because an app may contain confidential data. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * Creates a file with an attachment's verified bytes.
 *
 * @throws FlwrError if they are not available
 */
export type PlaceAttachment = (attachment: Attachment, file: string) => Promise<void>;

/** An installed app. Its components are modules in the folder. */
export interface InstalledApp {
  readonly folder: string;
  readonly config: AppConfig;
  /** SHA-256 of the FAB. */
  readonly hash: string;
  /** Whether the app was already installed, with every file unchanged. */
  readonly wasThere: boolean;
}

/**
 * Installs a FAB to `<home>/apps/<publisher>.<name>.<version>.<hash8>`, the folder that Flower uses, or to another one
 * if that belongs to another FAB (see installedFolderName). Installation is atomic. An existing folder is kept if all
 * files of the FAB are in it unchanged, and replaced otherwise.
 *
 * @param home see `flwrHome`
 * @param place creates the files of attachments; default: the app is installed without attachments
 * @throws FlwrError failed-precondition if the folder cannot be written; errors of `place`
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
    // In the same folder, because renaming works only within a file system.
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
    // Another process may have replaced the same damaged folder at the same time.
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

/** Renames an unpacked folder to its final name. An existing folder with that name stays if it is intact. */
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
    // Most likely the folder exists. The error for that differs between systems.
    if (!await isOurs()) throw alike(folder);
    if (await isWhole()) return;
    await Deno.rename(folder, aside);
    await Deno.rename(unpacked, folder);
  }
}

/** Error for two FABs with the same short hash that are installed at the same time. */
function alike(folder: string): FlwrError {
  return new FlwrError(
    "unavailable",
    `Another app with the same short hash was just installed to "${folder}"`,
    { hints: ["Try again. This app then gets a folder with its full hash"] },
  );
}
