import { MAX_ATTACHED_BYTES } from "./attachments.ts";
import { join } from "node:path";
import { FlwrError } from "../base/error.ts";

/** Default number of downloaded apps to keep. Apps in use may exceed it. */
export const MAX_DOWNLOADED_APPS = 100;

/** Default total size of downloaded apps, in bytes: four apps with the largest attachments. */
const MAX_DOWNLOADED_APPS_BYTES: number = 4 * MAX_ATTACHED_BYTES;

/**
 * Folder in `apps` with a mark for each app that was downloaded for a run: a file with the name of the app's folder. It
 * contains the app's size once that was computed, because an app can have many files.
 */
const MARKS = ".brought";

/** Limits of downloaded apps. */
export interface DownloadedAppsLimits {
  readonly apps: number;
  /** Total size of their files, in bytes. */
  readonly bytes: number;
}

/**
 * Limits the apps that were downloaded for runs and installed on this machine: removes the least recently used ones.
 * Apps in use are kept, and so are apps without a mark, which `flwr install` or another program installed. Several
 * processes may share the folder, so an app in use is marked by a file lock, which ends with its process.
 */
export class DownloadedApps {
  readonly #apps: string;
  readonly #limits: DownloadedAppsLimits;

  /** @param home Flower's home folder */
  constructor(
    home: string,
    limits: DownloadedAppsLimits = { apps: MAX_DOWNLOADED_APPS, bytes: MAX_DOWNLOADED_APPS_BYTES },
  ) {
    this.#apps = join(home, "apps");
    this.#limits = limits;
  }

  /**
   * Protects an app from removal until the result is disposed of. Call it before the app is installed.
   *
   * @param name name of the app's folder
   * @throws FlwrError failed-precondition if the folder of apps cannot be used
   */
  async use(name: string): Promise<Disposable> {
    return await this.#told(() => this.#use(name));
  }

  async #use(name: string): Promise<Disposable> {
    const marks = join(this.#apps, MARKS);
    await Deno.mkdir(marks, { recursive: true, mode: 0o700 });
    const path = join(marks, name);
    const isThere = async (file: string) => await Deno.lstat(file).catch(() => undefined);
    // An installed app without a mark was not downloaded for a run.
    if (await isThere(path) === undefined && await isThere(join(this.#apps, name)) !== undefined) {
      return { [Symbol.dispose]: () => {} };
    }
    for (;;) {
      const mark = await Deno.open(path, { create: true, write: true, mode: 0o600 });
      try {
        await mark.lock(false);
        const now = new Date();
        await Deno.utime(path, now, now).catch(() => {}); // then it is only removed earlier
        if (isSameFile(await mark.stat(), await isThere(path))) {
          return { [Symbol.dispose]: () => mark.close() };
        }
      } catch (error) {
        mark.close();
        throw error;
      }
      mark.close(); // another process removed the app while this one waited
    }
  }

  /**
   * Removes the mark of an app that the user installed. From now on it is never removed.
   *
   * @param name name of the app's folder
   * @throws FlwrError like {@link use}
   */
  async own(name: string): Promise<void> {
    await this.#told(() => Deno.remove(join(this.#apps, MARKS, name)).catch(ignoreMissing));
  }

  /** Removes apps beyond the limits. @returns the names of removed folders @throws FlwrError like {@link use} */
  async makeRoom(): Promise<string[]> {
    return await this.#told(() => this.#makeRoom());
  }

  async #makeRoom(): Promise<string[]> {
    const marks = join(this.#apps, MARKS);
    const kept: { name: string; bytes: number; usedAt: number }[] = [];
    for await (const { name } of Deno.readDir(marks)) {
      const info = await Deno.lstat(join(marks, name)).catch(() => undefined);
      if (info === undefined) continue; // another process has removed it
      const bytes = await this.#bytesOf(name, info);
      kept.push({ name, bytes, usedAt: info.mtime?.getTime() ?? 0 });
    }
    let count = kept.length;
    let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    const removed: string[] = [];
    for (const { name, bytes } of kept.sort((a, b) => a.usedAt - b.usedAt)) {
      if (count <= this.#limits.apps && total <= this.#limits.bytes) break;
      if (!await this.#remove(name)) continue;
      removed.push(name);
      count -= 1;
      total -= bytes;
    }
    return removed;
  }

  /** Size of an app's files in bytes, from its mark or else computed and stored there. */
  async #bytesOf(name: string, mark: Deno.FileInfo): Promise<number> {
    const path = join(this.#apps, MARKS, name);
    if (mark.isFile && mark.size > 0 && mark.size <= 16) {
      const noted = await Deno.readTextFile(path).catch(() => "");
      if (/^\d+$/.test(noted)) return Number(noted);
    }
    const bytes = await bytesOf(join(this.#apps, name)).catch(() => 0); // it cannot be read
    // An app that is being installed is measured the next time.
    if (bytes === 0 || !mark.isFile) return bytes;
    try {
      await Deno.writeTextFile(path, String(bytes), { create: false });
      // Storing the size must not count as a use.
      if (mark.mtime !== null) await Deno.utime(path, mark.atime ?? mark.mtime, mark.mtime);
    } catch {
      // Another process removed the mark, or it cannot be written. The size is computed again the next time.
    }
    return bytes;
  }

  async #told<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      throw new FlwrError("failed-precondition", `Apps cannot be kept in "${this.#apps}"`, {
        cause,
        hints: ["Check that the folder can be read and written"],
      });
    }
  }

  /** Removes an app that is not in use. @returns whether it was removed */
  async #remove(name: string): Promise<boolean> {
    const path = join(this.#apps, MARKS, name);
    try {
      using mark = await Deno.open(path, { write: true });
      if (!await mark.tryLock(true)) return false;
      await Deno.remove(join(this.#apps, name), { recursive: true }).catch(ignoreMissing);
      await Deno.remove(path);
      return true;
    } catch {
      // Already removed, or it cannot be removed. Others are removed instead.
      return false;
    }
  }
}

/** Whether the locked file is the one at its path, and was not removed in the meantime. */
function isSameFile(locked: Deno.FileInfo, there: Deno.FileInfo | undefined): boolean {
  return there !== undefined && locked.dev === there.dev && locked.ino === there.ino;
}

/** Total size of the files in a folder; 0 if it does not exist. */
async function bytesOf(folder: string): Promise<number> {
  let total = 0;
  try {
    for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (isDirectory) total += await bytesOf(path);
      else if (isFile) total += (await Deno.lstat(path)).size;
    }
  } catch (error) {
    ignoreMissing(error);
  }
  return total;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
