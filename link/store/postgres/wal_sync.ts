import { FlwrError } from "../../../base/error.ts";
import {
  type CommitMark,
  type CommittedNumbers,
  hasMark,
  NUMBERS,
  readNumbers,
} from "./commit_mark.ts";
import type { Connection } from "./connection.ts";
import { arrayText } from "./statements.ts";

/**
 * Reads which transactions the server has, then writes a record to its log, and the commit waits until the log is on
 * disk up to there. A standby cannot write, so it is asked first.
 */
const SYNC = `SELECT ${NUMBERS} AS numbers,
  CASE WHEN NOT pg_is_in_recovery() THEN pg_logical_emit_message(true, 'flwr', '')::text END AS place`;
/** Seconds after which a sync is given up. A disk needs less, and a connection can be lost without notice. */
const SYNC_SECONDS = 5;

/** Options of a {@link WalSync}. */
export interface WalSyncOptions {
  /** Seconds after which a sync is given up; default 5. */
  readonly syncSeconds?: number;
}

/** Error of a committed transaction that the server no longer has: it crashed, or another server took its place. */
export class CommitLost extends FlwrError {
  constructor() {
    super("unavailable", "The SuperLink's database lost the change", {
      hints: [
        "PostgreSQL failed before the change was on its disk, or another server took its place",
      ],
    });
  }
}

/**
 * Waits until commits are on the server's disk. The server writes all commits to one log, in their order, so concurrent
 * callers share one wait, and transactions go on meanwhile: a commit that waits itself would keep the lock.
 */
export class WalSync {
  readonly #connect: () => Promise<Connection>;
  readonly #seconds: number;
  #connection: Connection | undefined;
  #sessions = new Set<string>();
  #next: Promise<CommittedNumbers> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** @param connect opens a connection whose commits wait for the disk. It must end by itself */
  constructor(connect: () => Promise<Connection>, options: WalSyncOptions = {}) {
    this.#connect = connect;
    this.#seconds = options.syncSeconds ?? SYNC_SECONDS;
  }

  /**
   * Resolves when a committed transaction is on the disk, with all that were committed before it.
   *
   * @throws CommitLost if the server does not have it; unavailable if the server does not answer in time. The next sync
   *   then uses a new connection
   */
  async flush(mark: CommitMark): Promise<void> {
    this.#sessions.add(mark.session);
    // A sync in progress may have begun before the commit, so this waits for the next one.
    this.#last = this.#next ??= this.#last.catch(() => {}).then(() => {
      const sessions = [...this.#sessions];
      this.#sessions = new Set();
      this.#next = undefined;
      return this.#sync(sessions);
    });
    // The connection may be a later one than the transaction's, to another server.
    if (!hasMark(await this.#next, mark)) throw new CommitLost();
  }

  /** Waits for the sync in progress and closes the connection. */
  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#connection?.close();
  }

  async #sync(sessions: readonly string[]): Promise<CommittedNumbers> {
    if (this.#connection?.isLost !== false) this.#connection = await this.#connect();
    const connection = this.#connection;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      // Rejects the query.
      connection.close();
    }, this.#seconds * 1000);
    try {
      const { rows: [row] } = await connection.query(SYNC, [arrayText(sessions)]);
      if (row?.place === null) {
        await connection.close();
        throw new FlwrError("unavailable", "The SuperLink's database cannot be written", {
          hints: ["The server is a read-only standby: name the primary server"],
        });
      }
      return readNumbers(row!.numbers as string | null);
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
