import type { DatabaseSync, StatementSync } from "node:sqlite";
import { FlwrError } from "../../base/error.ts";
import { type Durability, NotSynced } from "../transactions/transactions.ts";
import { Serial } from "./serial.ts";
import { cannotWrite, sqliteError } from "./sqlite_error.ts";
import { isFull, LogSync } from "./sqlite_log.ts";
import { openDatabase, type OpenOptions } from "./sqlite_open.ts";
import { number, type Row } from "./sqlite_rows.ts";
import { SqliteSigners } from "./sqlite_signers.ts";
import { FreeSpace, type ReclaimStep } from "./sqlite_space.ts";
import { Statements } from "./sqlite_statements.ts";
import { sqliteTransaction } from "./sqlite_transaction.ts";
import type { LinkStore, LinkTables, SignerTable, StoreUsage } from "./store.ts";

/** A moment on either side of which a crash leaves a different state. */
export type DurableStep = "begin" | "write" | "commit" | "committed" | ReclaimStep;

/** How a database is used. */
export interface SqliteOptions extends OpenOptions {
  /** How much free space stays in the file, in bytes; 64 MiB if not given. */
  readonly spareBytes?: number;
  /**
   * Called before a transaction begins, writes, and is committed, and after that; before space is given back, and after
   * that: where tests crash.
   */
  readonly onStep?: (step: DurableStep) => void;
}

/**
 * A store in a SQLite file, for one process at a time. Its log is written ahead: what was committed survives the
 * death of the process, and what was committed "durable" was also handed to the disk.
 */
export class SqliteStore implements LinkStore {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #transaction: LinkTables;
  readonly #serial = new Serial();
  readonly #onStep: (step: DurableStep) => void;
  readonly #log: LogSync;
  readonly #space: FreeSpace;
  readonly signers: SignerTable;

  /**
   * @param path the file; made with mode 0600 if it does not exist
   * @throws failed-precondition when the file is in use, is no database, is another program's, or is of a newer
   * schema
   */
  constructor(path: string, options: SqliteOptions = {}) {
    this.#path = path;
    this.#onStep = options.onStep ?? (() => {});
    const sql = new Statements((text) => this.#prepare(text), () => this.#onStep("write"));
    this.#transaction = sqliteTransaction(sql);
    this.signers = new SqliteSigners(
      sql,
      (work) => this.#serial.run(() => this.#perform(() => work())),
    );
    this.#database = openDatabase(path, options);
    this.#log = new LogSync(path);
    this.#space = new FreeSpace(path, (sql) => this.#prepare(sql), {
      ...(options.spareBytes === undefined ? {} : { spareBytes: options.spareBytes }),
      onStep: (step) => this.#onStep(step),
    });
  }

  /** Whether the file can get smaller: not so one of an earlier version that was too large to be rebuilt. */
  get reclaimable(): boolean {
    return this.#space.reclaimable;
  }

  async transaction<T>(
    durability: Durability,
    work: (tables: LinkTables) => Promise<T>,
    onCommit?: () => void,
  ): Promise<T> {
    const result = await this.#serial.run(() => this.#perform(work, onCommit));
    // Others go on meanwhile: what they build upon this is on the disk after it, or not at all.
    if (durability === "durable") {
      await this.#flush().catch((error) => {
        throw new NotSynced(result, FlwrError.from(error));
      });
    }
    return result;
  }

  usage(): Promise<StoreUsage> {
    return this.#serial.run(() => {
      const count = (table: string) =>
        number(this.#prepare(`SELECT count(*) AS rows FROM ${table}`).get() as Row, "rows");
      return Promise.resolve({
        nodes: count("node"),
        runs: count("run"),
        instructions: count("instruction"),
        replies: count("reply"),
        objects: count("object"),
        objectChildren: count("object_child"),
        pushes: count("push"),
        pushObjects: count("push_object"),
        announced: count("announced"),
        logEntries: count("run_log"),
        fabs: count("fab"),
        artifacts: count("artifact"),
        pieces: count("piece"),
        fabPieces: count("fab_piece"),
      });
    });
  }

  reclaim(): Promise<boolean> {
    return this.#serial.run(() => {
      try {
        return Promise.resolve(this.#space.reclaim());
      } catch (error) {
        return Promise.reject(sqliteError(this.#path, error));
      }
    });
  }

  async close(): Promise<void> {
    if (!await this.#serial.close()) return;
    await this.#log.close();
    this.#database.close();
  }

  async #perform<T>(
    work: (tables: LinkTables) => Promise<T>,
    onCommit?: () => void,
  ): Promise<T> {
    try {
      this.#onStep("begin");
      this.#prepare("BEGIN IMMEDIATE").run();
      const result = await work(this.#transaction);
      this.#onStep("commit");
      this.#prepare("COMMIT").run();
      onCommit?.();
      this.#onStep("committed");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#prepare("ROLLBACK").run();
      throw sqliteError(this.#path, error);
    }
  }

  async #flush(): Promise<void> {
    try {
      await this.#log.flush();
    } catch (cause) {
      throw cannotWrite(this.#path, isFull(cause) ? "full" : "failing", cause);
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReadBigInts(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
