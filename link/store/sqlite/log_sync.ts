import { close, fdatasync, open } from "node:fs";
import { promisify } from "node:util";

const [openFile, syncFile, closeFile] = [promisify(open), promisify(fdatasync), promisify(close)];

/**
 * Syncs SQLite's write-ahead log to disk, outside the thread. Concurrent commits share one fsync. SQLite's own
 * `synchronous = FULL` would sync after each commit and block the thread.
 */
export class LogSync {
  readonly #path: string;
  #file: number | undefined;
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  /**
   * Set after a failed sync. The system may have dropped the unwritten data, so a later success would prove nothing.
   */
  #broken: { readonly error: unknown } | undefined;

  /** @param database path of the database; its log need not exist before the first commit */
  constructor(database: string) {
    this.#path = `${database}-wal`;
  }

  /** Resolves when all earlier commits are on the disk. Rejects if the sync fails. */
  flush(): Promise<void> {
    // A sync in progress may have begun before the commit, so this waits for the next one.
    this.#next ??= this.#last.catch(() => {}).then(async () => {
      this.#next = undefined;
      this.#file ??= await openFile(this.#path, "r+");
      if (this.#broken !== undefined) throw this.#broken.error;
      await syncFile(this.#file).catch((error) => {
        // With a full disk, the system keeps the data and tries again. Any other failure may have lost it.
        if (!isFull(error)) this.#broken = { error };
        throw error;
      });
    });
    this.#last = this.#next;
    return this.#next;
  }

  /** Waits for the sync in progress and closes the file. */
  async close(): Promise<void> {
    await this.#last.catch(() => {});
    if (this.#file !== undefined) await closeFile(this.#file);
  }
}

/** Whether the disk or a quota is full. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    (error.code === "ENOSPC" || error.code === "EDQUOT");
}
