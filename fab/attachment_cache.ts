import { join } from "node:path";
import {
  type Attachment,
  type GetPiece,
  isAttachmentFile,
  MAX_ATTACHED_BYTES,
  writeAttachment,
} from "./attachments.ts";

/** Bytes of attachments that a node's machine keeps for the next runs: those of four of the largest bundles. */
const MAX_CACHED_ATTACHMENT_BYTES = 4 * MAX_ATTACHED_BYTES;

/** Seconds after which a file that was being fetched is left over from a process that died. */
export const STALE_PART_SECONDS = 86_400;

/** The name of a file that is being fetched. */
const PART_ENDING = ".part";

/**
 * The attachments that a machine keeps, each in a file named by its SHA-256, so that the next run and the next version
 * of an app need not fetch it. Several processes may share the folder: a file gets its name when it is whole, and is
 * looked at before each use.
 */
export class AttachmentCache {
  readonly #folder: string;
  readonly #maxBytes: number;

  /**
   * @param folder is made when it is needed; best on the same file system as the apps, which then share the files
   * @param maxBytes how much is kept; beyond it the files go that were unused for longest
   */
  constructor(folder: string, maxBytes: number = MAX_CACHED_ATTACHMENT_BYTES) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /**
   * Puts an attachment into a file that is not there yet: the kept one, or one that is fetched.
   *
   * @throws what writeAttachment throws
   */
  async place(attachment: Attachment, file: string, get: GetPiece): Promise<void> {
    const kept = join(this.#folder, attachment.sha256);
    if (await isAttachmentFile(attachment, kept) && await linked(kept, file)) {
      return await touch(kept);
    }
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const part = `${kept}-${crypto.randomUUID()}${PART_ENDING}`;
    await writeAttachment(attachment, part, get);
    // Before it has its name: then another process may remove it to make room.
    await linkOrCopy(part, file);
    await Deno.rename(part, kept);
    await this.#makeRoom(kept);
  }

  /** @param newest stays */
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
  await Deno.utime(path, now, now).catch(() => {}); // it only goes earlier then
}

async function remove(path: string): Promise<void> {
  await Deno.remove(path).catch(() => {}); // another process has removed it
}

/** @returns false when another process has removed it to make room */
async function linked(kept: string, file: string): Promise<boolean> {
  try {
    await linkOrCopy(kept, file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A second name for the same file where the file system can do that. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await Deno.link(from, to);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw error;
    await Deno.copyFile(from, to);
  }
}
