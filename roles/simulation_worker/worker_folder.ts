import { dirname, join } from "node:path";

/** Beginning of the name of such a folder. */
const PREFIX = "flwr-worker-";

/** File in the folder that its worker keeps locked. The system unlocks it when the worker ends, also if it is killed. */
const LOCK = ".lock";

/** Age in seconds below which a folder without a locked file is left alone: its worker may be about to lock it. */
const MIN_AGE_SECONDS = 60;

/** Most other folders that are looked at. */
const MAX_LOOKS = 1000;

/** A temporary folder of a worker. Those of workers that were killed are removed by the next worker of the same user. */
export class WorkerFolder implements AsyncDisposable {
  /** Real path: permissions are checked against real paths. */
  readonly path: string;
  readonly #lock: Deno.FsFile;

  private constructor(path: string, lock: Deno.FsFile) {
    this.path = path;
    this.#lock = lock;
  }

  /** Makes a folder. @param parent default: the system's folder for temporary files */
  static async create(parent?: string): Promise<WorkerFolder> {
    const made = await Deno.makeTempDir({ prefix: PREFIX, ...(parent && { dir: parent }) });
    const path = await Deno.realPath(made);
    const lock = await Deno.open(join(path, LOCK), { write: true, createNew: true });
    // A file system without locks leaves folders, and no more: nobody gets the lock there.
    await lock.lock(true).catch(() => {});
    await removeLeft(dirname(path)).catch(() => {});
    return new WorkerFolder(path, lock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lock.close();
    await Deno.remove(this.path, { recursive: true }).catch(() => {});
  }
}

/** Removes the folders of workers that are gone. */
async function removeLeft(parent: string): Promise<void> {
  let looks = 0;
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    if (!isDirectory || !name.startsWith(PREFIX)) continue;
    if (++looks > MAX_LOOKS) return;
    // Other users' folders cannot be read, and other workers' folders may vanish meanwhile.
    await removeIfLeft(join(parent, name)).catch(() => {});
  }
}

async function removeIfLeft(folder: string): Promise<void> {
  const { uid, mtime } = await Deno.lstat(folder);
  if (uid !== Deno.uid()) return;
  if (mtime === null || Date.now() - mtime.getTime() < 1000 * MIN_AGE_SECONDS) return;
  {
    using lock = await Deno.open(join(folder, LOCK), { write: true });
    if (!await lock.tryLock(true)) return;
  }
  await Deno.remove(folder, { recursive: true });
}
