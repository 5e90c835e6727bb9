import { close, fdatasync, open } from "node:fs";
import { promisify } from "node:util";

const [openFile, syncFile, closeFile] = [promisify(open), promisify(fdatasync), promisify(close)];

/**
 * Hands SQLite's write-ahead log to the disk, beside the thread and for all commits that wait for it at once. SQLite's
 * own `synchronous = FULL` does the same after each commit, and everything waits for the disk meanwhile.
 */
export class LogSync {
  readonly #path: string;
  #file: number | undefined;
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  /** The system may have dropped what it could not write, so no later success proves anything. */
  #broken: { readonly error: unknown } | undefined;

  /** @param database the database's file; its log need not be there before the first commit */
  constructor(database: string) {
    this.#path = `${database}-wal`;
  }

  /** Resolves when what was committed before this call is on the disk. Rejects when the disk fails. */
  flush(): Promise<void> {
    // One that is under way may have begun before the commit: the next one counts.
    this.#next ??= this.#last.catch(() => {}).then(async () => {
      this.#next = undefined;
      this.#file ??= await openFile(this.#path, "r+");
      if (this.#broken !== undefined) throw this.#broken.error;
      await syncFile(this.#file).catch((error) => {
        // A full disk keeps what waits for room; any other failure may have lost it.
        if (!isFull(error)) this.#broken = { error };
        throw error;
      });
    });
    this.#last = this.#next;
    return this.#next;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#last.catch(() => {});
    if (this.#file !== undefined) await closeFile(this.#file);
  }
}

/** Whether the disk, or a quota, has no room. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    (error.code === "ENOSPC" || error.code === "EDQUOT");
}
