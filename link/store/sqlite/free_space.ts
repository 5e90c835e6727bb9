import { existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { StatementSync } from "node:sqlite";

/** Free space to keep in the file, in bytes: enough for a large model and a reply. */
const SPARE_BYTES = 64 * 2 ** 20;
/** Number of 4 KiB pages to return in one step, which takes about 3 ms. */
const STEP_PAGES = 256;
/** Size of the log file in bytes above which it is truncated even if no pages are returned. */
const LARGEST_IDLE_LOG = 8 * 2 ** 20;
/** SQLite's number for `PRAGMA auto_vacuum = INCREMENTAL`. */
const INCREMENTAL = 2;

/** Step of reclaiming at which tests simulate a crash: the file differs before and after it, but not its records. */
export type ReclaimStep = "reclaim" | "reclaimed";

/** Options of {@link FreeSpace}. */
export interface SpaceOptions {
  /** Free space to keep in the file, in bytes; default 64 MiB. */
  readonly spareBytes?: number;
  readonly onStep: (step: ReclaimStep) => void;
}

/** Free pages of a database file, which are returned to the system in small steps. */
export class FreeSpace {
  readonly #path: string;
  readonly #prepare: (sql: string) => StatementSync;
  readonly #sparePages: number;
  readonly #onStep: (step: ReclaimStep) => void;
  /** Whether the file can shrink. False for a file of an earlier version that was too large to rebuild. */
  readonly reclaimable: boolean;

  /**
   * @param path path of the database
   * @param prepare returns the cached prepared statement of an SQL text
   */
  constructor(path: string, prepare: (sql: string) => StatementSync, options: SpaceOptions) {
    this.#path = path;
    this.#prepare = prepare;
    this.#onStep = options.onStep;
    this.#sparePages = (options.spareBytes ?? SPARE_BYTES) / this.#number("PRAGMA page_size");
    this.reclaimable = this.#number("PRAGMA auto_vacuum") === INCREMENTAL;
  }

  /** Returns some pages, outside of a transaction. @returns whether there are more */
  reclaim(): boolean {
    const shrinks = this.reclaimable && this.#excess() >= 1;
    if (shrinks) {
      this.#onStep("reclaim");
      // `all` runs the pragma to its end. `get` would stop after the first step, which returns a single page.
      this.#prepare(`PRAGMA incremental_vacuum(${STEP_PAGES})`).all();
      this.#onStep("reclaimed");
      if (this.#excess() >= 1) return true;
    }
    // The file shrinks only at a checkpoint, and SQLite starts one only when the log has 4 MiB.
    if (shrinks || this.#logSize() > LARGEST_IDLE_LOG) {
      this.#prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
    }
    return false;
  }

  #excess(): number {
    return this.#number("PRAGMA freelist_count") - this.#sparePages;
  }

  #logSize(): number {
    const log = `${this.#path}-wal`;
    return existsSync(log) ? statSync(log).size : 0;
  }

  /** Runs a pragma that returns one number, in a column with the pragma's name. */
  #number(sql: string): number {
    return Number(Object.values(this.#prepare(sql).get() ?? {})[0]);
  }
}

/** Free bytes of the disk with a file, for users without special rights. Undefined if the system does not tell. */
export async function freeBytes(file: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(dirname(file));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
