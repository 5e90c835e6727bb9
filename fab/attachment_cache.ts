import { join } from "node:path";
import {
  type Attachment,
  type GetPiece,
  isAttachmentFile,
  MAX_ATTACHED_BYTES,
  writeAttachment,
} from "./attachments.ts";

/** Default size of the cache in bytes: attachments of four of the largest apps. */
const MAX_CACHED_ATTACHMENT_BYTES = 4 * MAX_ATTACHED_BYTES;

/** Seconds after which a partial file is removed, because the process that downloaded it must have died. */
export const STALE_PART_SECONDS = 86_400;

/** Ending of a file that is being downloaded. */
const PART_ENDING = ".part";

/**
 * Cache of attachments on a machine, for later runs and versions of an app. Each is in a file named by its SHA-256.
 * Several processes may share the folder: a file gets its final name when it is complete, and is verified before each
 * use.
 */
export class AttachmentCache {
  readonly #folder: string;
  readonly #maxBytes: number;

  /**
   * @param folder created when needed. On the file system of the installed apps, files are linked instead of copied
   * @param maxBytes size of the cache; the least recently used files are removed
   */
  constructor(folder: string, maxBytes: number = MAX_CACHED_ATTACHMENT_BYTES) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /**
   * Creates a file with an attachment, from the cache or by downloading it.
   *
   * @param file path of the new file, which must not exist
   * @throws errors of writeAttachment
   */
  async place(attachment: Attachment, file: string, get: GetPiece): Promise<void> {
    const kept = join(this.#folder, attachment.sha256);
    if (await isAttachmentFile(attachment, kept) && await linked(kept, file)) {
      return await touch(kept);
    }
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const part = `${kept}-${crypto.randomUUID()}${PART_ENDING}`;
    await writeAttachment(attachment, part, get);
    // Linked before the rename, because afterwards another process may remove the file to make room.
    await linkOrCopy(part, file);
    await Deno.rename(part, kept);
    await this.#makeRoom(kept);
  }

  /** Removes old files beyond the limit. @param newest file to keep in any case */
  async #makeRoom(newest: string): Promise<void> {
    const files: { path: string; size: number; usedAt: number }[] = [];
    for await (const { name, isFile } of Deno.readDir(this.#folder)) {
      if (!isFile) continue;
      const path = join(this.#folder, name);
      const info = await Deno.lstat(path).catch(() => undefined);
      if (info === undefined) continue; // another process has removed it
      const usedAt = info.mtime?.getTime() ?? 0;
      if (!name.endsWith(PART_ENDING)) files.push({ path, size: info.size, usedAt });
      else if (Date.now() - usedAt > STALE_PART_SECONDS * 1000) await remove(path);
    }
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files.sort((a, b) => a.usedAt - b.usedAt)) {
      if (total <= this.#maxBytes) break;
      if (path === newest) continue;
      await remove(path);
      total -= size;
    }
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await Deno.utime(path, now, now).catch(() => {}); // then it is only removed earlier
}

async function remove(path: string): Promise<void> {
  await Deno.remove(path).catch(() => {}); // another process has removed it
}

/** Links a cached file. @returns false if another process has removed it to make room */
async function linked(kept: string, file: string): Promise<boolean> {
  try {
    await linkOrCopy(kept, file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Creates a hard link, or a copy if the file system does not support links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await Deno.link(from, to);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw error;
    await Deno.copyFile(from, to);
  }
}
