import { MAX_ATTACHED_BYTES } from "./attachments.ts";
import { join } from "node:path";
import { FlwrError } from "../base/error.ts";

/** Apps that runs brought which a machine keeps; those in use may be more. */
export const MAX_KEPT_APPS = 100;

/** Bytes of the apps that runs brought which a machine keeps: of four with all attachments that there may be. */
const MAX_KEPT_APPS_BYTES: number = 4 * MAX_ATTACHED_BYTES;

/**
 * The folder below that of the apps with a file for each app that a run brought, by the app's folder's name. In it are the
 * bytes of the app, once they were counted: an app of many files is counted once.
 */
const MARKS = ".brought";

/** How much is kept of the apps that runs brought. */
export interface KeptAppsLimits {
  readonly apps: number;
  /** Bytes of their files. */
  readonly bytes: number;
}

/**
 * Bounds the apps that runs brought and that are installed on this machine: beyond the limits the ones go that were
 * unused for longest. An app that a process uses stays, and so does one that `flwr install` or another program put there:
 * it has no mark. Several processes may share the folder, so that use is a lock on the app's mark, which ends with its
 * process.
 */
export class KeptApps {
  readonly #apps: string;
  readonly #limits: KeptAppsLimits;

  /** @param home Flower's home */
  constructor(
    home: string,
    limits: KeptAppsLimits = { apps: MAX_KEPT_APPS, bytes: MAX_KEPT_APPS_BYTES },
  ) {
    this.#apps = join(home, "apps");
    this.#limits = limits;
  }

  /**
   * Keeps an app from being removed until the result is disposed of. To be called before it is installed.
   *
   * @param name of the app's folder
   * @throws FlwrError "failed-precondition" where apps cannot be kept
   */
  async use(name: string): Promise<Disposable> {
    return await this.#told(() => this.#use(name));
  }

  async #use(name: string): Promise<Disposable> {
    const marks = join(this.#apps, MARKS);
    await Deno.mkdir(marks, { recursive: true, mode: 0o700 });
    const path = join(marks, name);
    const isThere = async (file: string) => await Deno.lstat(file).catch(() => undefined);
    // One that is there without a mark was not brought by a run.
    if (await isThere(path) === undefined && await isThere(join(this.#apps, name)) !== undefined) {
      return { [Symbol.dispose]: () => {} };
    }
    for (;;) {
      const mark = await Deno.open(path, { create: true, write: true, mode: 0o600 });
      try {
        await mark.lock(false);
        const now = new Date();
        await Deno.utime(path, now, now).catch(() => {}); // it only goes earlier then
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
   * An app is its owner's from now on: it stays, whatever runs bring.
   *
   * @param name of the app's folder
   * @throws FlwrError as {@link use}
   */
  async own(name: string): Promise<void> {
    await this.#told(() => Deno.remove(join(this.#apps, MARKS, name)).catch(ignoreMissing));
  }

  /** Removes what is beyond the limits. @returns the names of the folders that went @throws FlwrError as {@link use} */
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

  /** Bytes of an app's files; counted, and noted in its mark, when nobody did before. */
  async #bytesOf(name: string, mark: Deno.FileInfo): Promise<number> {
    const path = join(this.#apps, MARKS, name);
    if (mark.isFile && mark.size > 0 && mark.size <= 16) {
      const noted = await Deno.readTextFile(path).catch(() => "");
      if (/^\d+$/.test(noted)) return Number(noted);
    }
    const bytes = await bytesOf(join(this.#apps, name)).catch(() => 0); // it cannot be read
    // An app that is being installed is counted the next time.
    if (bytes === 0 || !mark.isFile) return bytes;
    try {
      await Deno.writeTextFile(path, String(bytes), { create: false });
      // To note it is no use.
      if (mark.mtime !== null) await Deno.utime(path, mark.atime ?? mark.mtime, mark.mtime);
    } catch {
      // Another process has removed it, or it cannot be written: it is counted again.
    }
    return bytes;
  }

  async #told<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      throw new FlwrError("failed-precondition", `Apps cannot be kept in "${this.#apps}"`, {
        cause,
        hints: ["It must be a folder that this program may read and write"],
      });
    }
  }

  /** @returns whether nobody uses it, so that it went */
  async #remove(name: string): Promise<boolean> {
    const path = join(this.#apps, MARKS, name);
    try {
      using mark = await Deno.open(path, { write: true });
      if (!await mark.tryLock(true)) return false;
      await Deno.remove(join(this.#apps, name), { recursive: true }).catch(ignoreMissing);
      await Deno.remove(path);
      return true;
    } catch {
      // Gone already, or it cannot be removed: others go instead.
      return false;
    }
  }
}

/** Whether the file that is locked is the one that is there now, and not one that was removed meanwhile. */
function isSameFile(locked: Deno.FileInfo, there: Deno.FileInfo | undefined): boolean {
  return there !== undefined && locked.dev === there.dev && locked.ino === there.ino;
}

/** Bytes of the files in a folder; 0 for none. */
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
