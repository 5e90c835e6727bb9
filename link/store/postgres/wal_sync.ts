import type { Connection } from "./connection.ts";

/** Writes a record to the server's log, and the commit waits until the log is on disk up to there. */
const SYNC = "SELECT pg_logical_emit_message(true, 'flwr', '')";

/**
 * Waits until earlier commits are on the server's disk. The server writes all commits to one log, in their order, so
 * concurrent callers share one wait, and transactions go on meanwhile: a commit that waits itself would keep the lock.
 */
export class WalSync {
  readonly #connect: () => Promise<Connection>;
  #connection: Connection | undefined;
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  /** @param connect opens a connection whose commits wait for the disk */
  constructor(connect: () => Promise<Connection>) {
    this.#connect = connect;
  }

  /** Resolves when all earlier commits are on the disk. */
  flush(): Promise<void> {
    // A sync in progress may have begun before the commit, so this waits for the next one.
    this.#next ??= this.#last.catch(() => {}).then(async () => {
      this.#next = undefined;
      if (this.#connection?.isLost !== false) this.#connection = await this.#connect();
      await this.#connection.query(SYNC);
    });
    this.#last = this.#next;
    return this.#next;
  }

  /** Waits for the sync in progress and closes the connection. */
  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#connection?.close();
  }
}
