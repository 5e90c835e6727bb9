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
      await syncFile(this.#file);
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
