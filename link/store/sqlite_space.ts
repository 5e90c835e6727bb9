import { existsSync, statSync } from "node:fs";
import type { StatementSync } from "node:sqlite";

/** How much free space stays in the file for what comes next, in bytes: a large model and a reply. */
const SPARE_BYTES = 64 * 2 ** 20;
/** How much is given back at a time, in pages of 4 KiB: that takes 3 ms. */
const STEP_PAGES = 256;
/** A log that is larger than this while there is nothing to give back is cut, in bytes. */
const LARGEST_IDLE_LOG = 8 * 2 ** 20;
/** SQLite's number for `PRAGMA auto_vacuum = INCREMENTAL`. */
const INCREMENTAL = 2;

/** A moment on either side of which a crash leaves another file, with the same in it. */
export type ReclaimStep = "reclaim" | "reclaimed";

/** How free space is treated. */
export interface SpaceOptions {
  /** How much of it stays in the file, in bytes; 64 MiB if not given. */
  readonly spareBytes?: number;
  readonly onStep: (step: ReclaimStep) => void;
}

/** The pages of a database's file that removed records left: most are given back, a few at a time. */
export class FreeSpace {
  readonly #path: string;
  readonly #prepare: (sql: string) => StatementSync;
  readonly #sparePages: number;
  readonly #onStep: (step: ReclaimStep) => void;
  /** Whether the file can get smaller: not so one of an earlier version that was too large to be rebuilt. */
  readonly reclaimable: boolean;

  /**
   * @param path the database's file
   * @param prepare gives a text's prepared statement, each time the same
   */
  constructor(path: string, prepare: (sql: string) => StatementSync, options: SpaceOptions) {
    this.#path = path;
    this.#prepare = prepare;
    this.#onStep = options.onStep;
    this.#sparePages = (options.spareBytes ?? SPARE_BYTES) / this.#number("PRAGMA page_size");
    this.reclaimable = this.#number("PRAGMA auto_vacuum") === INCREMENTAL;
  }

  /** Gives some pages back, outside of a transaction. @returns whether there are more */
  reclaim(): boolean {
    const shrinks = this.reclaimable && this.#excess() >= 1;
    if (shrinks) {
      this.#onStep("reclaim");
      // `all`, though it yields no row: each step on the way to one gives a single page back.
      this.#prepare(`PRAGMA incremental_vacuum(${STEP_PAGES})`).all();
      this.#onStep("reclaimed");
      if (this.#excess() >= 1) return true;
    }
    // The file itself gets smaller when what its log says is brought into it, which is little: SQLite does so at 4 MiB.
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

  /** The one number that a pragma yields, in a column of its name. */
  #number(sql: string): number {
    return Number(Object.values(this.#prepare(sql).get() ?? {})[0]);
  }
}
