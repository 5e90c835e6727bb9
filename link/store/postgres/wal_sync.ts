import { FlwrError } from "../../../base/error.ts";
import type { Connection } from "./connection.ts";

/** Writes a record to the server's log, and the commit waits until the log is on disk up to there. */
const SYNC = "SELECT pg_logical_emit_message(true, 'flwr', '')";
/** Seconds after which a sync is given up. A disk needs less, and a connection can be lost without notice. */
const SYNC_SECONDS = 5;

/** The part of a {@link Connection} that a {@link WalSync} uses. */
export type SyncConnection = Pick<Connection, "isLost" | "query" | "close">;

/** Options of a {@link WalSync}. */
export interface WalSyncOptions {
  /** Seconds after which a sync is given up; default 5. */
  readonly syncSeconds?: number;
}

/**
 * Waits until earlier commits are on the server's disk. The server writes all commits to one log, in their order, so
 * concurrent callers share one wait, and transactions go on meanwhile: a commit that waits itself would keep the lock.
 */
export class WalSync {
  readonly #connect: () => Promise<SyncConnection>;
  readonly #seconds: number;
  #connection: SyncConnection | undefined;
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  /** @param connect opens a connection whose commits wait for the disk. It must end by itself */
  constructor(connect: () => Promise<SyncConnection>, options: WalSyncOptions = {}) {
    this.#connect = connect;
    this.#seconds = options.syncSeconds ?? SYNC_SECONDS;
  }

  /**
   * Resolves when all earlier commits are on the disk.
   *
   * @throws unavailable if the server does not answer in time. The next sync uses a new connection
   */
  flush(): Promise<void> {
    // A sync in progress may have begun before the commit, so this waits for the next one.
    this.#next ??= this.#last.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.#sync();
    });
    this.#last = this.#next;
    return this.#next;
  }

  /** Waits for the sync in progress and closes the connection. */
  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#connection?.close();
  }

  async #sync(): Promise<void> {
    if (this.#connection?.isLost !== false) this.#connection = await this.#connect();
    const connection = this.#connection;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      // Rejects the query.
      connection.close();
    }, this.#seconds * 1000);
    try {
      await connection.query(SYNC);
    } catch (cause) {
      throw isLate ? noAnswer(this.#seconds, cause) : cause;
    } finally {
      clearTimeout(timer);
    }
  }
}

function noAnswer(seconds: number, cause: unknown): FlwrError {
  return new FlwrError("unavailable", "The SuperLink's database does not answer", {
    cause,
    hints: [
      `PostgreSQL did not bring its log to disk within ${seconds} s: check its disk and the network`,
    ],
  });
}
