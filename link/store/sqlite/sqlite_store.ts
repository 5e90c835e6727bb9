import type { DatabaseSync, StatementSync } from "node:sqlite";
import { FlwrError } from "../../../base/error.ts";
import { LocalSignals } from "../../transactions/signals.ts";
import { NotSynced, readOnlyError, type TransactionKind } from "../../transactions/transactions.ts";
import { Serial } from "../serial.ts";
import { cannotWrite, sqliteError } from "./error.ts";
import { isFull, LogSync } from "./log_sync.ts";
import { openDatabase, type OpenOptions } from "./open.ts";
import { SqlApiTokens } from "../sql/api_tokens.ts";
import type { StoreGauges } from "../gauges.ts";
import { readGauges } from "../sql/gauges.ts";
import { SqlSettings } from "../sql/settings.ts";
import { SqlSignatures } from "../sql/signatures.ts";
import { SqlSigners } from "../sql/signers.ts";
import { freeBytes, FreeSpace, type ReclaimStep } from "./free_space.ts";
import { SqliteStatements, toSqlite } from "./statements.ts";
import type { Statements } from "../sql/statements.ts";
import { sqlTables } from "../sql/tables.ts";
import { usage } from "../sql/usage.ts";
import type { ApiTokenTable } from "../api_token_table.ts";
import type {
  LinkStore,
  LinkTables,
  SettingTable,
  SignatureTable,
  SignerTable,
  StoreUsage,
  TransactionStep,
} from "../store.ts";

/** Step of the store's work at which tests simulate a crash: the state on disk may differ before and after it. */
export type DurableStep = TransactionStep | ReclaimStep;

/** Options of a {@link SqliteStore}. */
export interface SqliteOptions extends OpenOptions {
  /** Free space to keep in the file, in bytes; default 64 MiB. */
  readonly spareBytes?: number;
  /** Called before each {@link DurableStep}, where tests simulate crashes. */
  readonly onStep?: (step: DurableStep) => void;
}

/**
 * A store in a SQLite file, for one process at a time. It uses a write-ahead log: committed transactions survive a
 * crash of the process, and "durable" ones were also synced to disk.
 */
export class SqliteStore implements LinkStore {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #sql: SqliteStatements;
  readonly #transaction: LinkTables;
  readonly #serial = new Serial();
  readonly #onStep: (step: DurableStep) => void;
  /** Whether the running transaction must not write. */
  #isReadOnly = false;
  readonly #log: LogSync;
  readonly #space: FreeSpace;
  readonly isShared = false;
  readonly signals = new LocalSignals();
  readonly signers: SignerTable;
  readonly signatures: SignatureTable;
  readonly settings: SettingTable;
  readonly apiTokens: ApiTokenTable;

  /**
   * @param path the file; created with mode 0600 if it does not exist
   * @throws failed-precondition if the file is in use, is not a database, belongs to another program, or has a newer
   *   schema
   */
  constructor(path: string, options: SqliteOptions = {}) {
    this.#path = path;
    this.#onStep = options.onStep ?? (() => {});
    const sql = new SqliteStatements((text) => this.#prepare(text), () => {
      if (this.#isReadOnly) throw readOnlyError();
      this.#onStep("write");
    });
    this.#sql = sql;
    this.#transaction = sqlTables(sql);
    const perform = <T>(work: (sql: Statements) => Promise<T>) =>
      this.#serial.run(() => this.#perform("relaxed", () => work(sql)));
    this.signers = new SqlSigners(perform);
    this.signatures = new SqlSignatures(perform);
    this.settings = new SqlSettings(perform);
    this.apiTokens = new SqlApiTokens(
      (work) => this.#serial.run(() => this.#perform("read-only", () => work(sql))),
      // A revoked token must not come back after a failure of the machine.
      async (work) => {
        const result = await perform(work);
        await this.#flush();
        return result;
      },
    );
    this.#database = openDatabase(path, options);
    this.#log = new LogSync(path);
    this.#space = new FreeSpace(path, (sql) => this.#prepare(sql), {
      ...(options.spareBytes === undefined ? {} : { spareBytes: options.spareBytes }),
      onStep: (step) => this.#onStep(step),
    });
  }

  /** Whether the file can shrink. False for a file of an earlier version that was too large to rebuild. */
  get reclaimable(): boolean {
    return this.#space.reclaimable;
  }

  async transaction<T>(
    kind: TransactionKind,
    work: (tables: LinkTables) => Promise<T>,
    onCommit?: () => void,
  ): Promise<T> {
    const result = await this.#serial.run(() => this.#perform(kind, work, onCommit));
    // Other transactions continue during the sync. They reach the disk after this one or not at all.
    if (kind === "durable") {
      await this.#flush().catch((error) => {
        throw new NotSynced(result, FlwrError.from(error));
      });
    }
    return result;
  }

  usage(): Promise<StoreUsage> {
    return this.#serial.run(() => usage(this.#sql));
  }

  async gauges(): Promise<StoreGauges> {
    const size = "page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    const [gauges, free] = await Promise.all([
      this.#serial.run(() => readGauges(this.#sql, size)),
      freeBytes(this.#path),
    ]);
    return { ...gauges, ...(free !== undefined && { freeBytes: free }) };
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
    kind: TransactionKind,
    work: (tables: LinkTables) => Promise<T>,
    onCommit?: () => void,
  ): Promise<T> {
    this.#isReadOnly = kind === "read-only";
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
      statement = this.#database.prepare(toSqlite(sql));
      statement.setReadBigInts(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
