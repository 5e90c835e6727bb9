import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { OutcomeUnknown } from "../../transactions/outcome_unknown.ts";
import { NotSynced, readOnlyError, type TransactionKind } from "../../transactions/transactions.ts";
import { SqlApiTokens } from "../sql/api_tokens.ts";
import { SqlSettings } from "../sql/settings.ts";
import { SqlSignatures } from "../sql/signatures.ts";
import { SqlSigners } from "../sql/signers.ts";
import type { ApiTokenTable } from "../api_token_table.ts";
import type { Statements } from "../sql/statements.ts";
import { sqlTables } from "../sql/tables.ts";
import type { StoreGauges } from "../gauges.ts";
import { readGauges } from "../sql/gauges.ts";
import { usage } from "../sql/usage.ts";
import type {
  LinkStore,
  LinkTables,
  SettingTable,
  SignatureTable,
  SignerTable,
  StoreUsage,
  TransactionStep,
} from "../store.ts";
import {
  type CommitMark,
  CommitMarks,
  hasMark,
  NUMBERS,
  readNumbers,
  writeMark,
} from "./commit_mark.ts";
import { BytesCache } from "./bytes_cache.ts";
import { Connection, ConnectionLost } from "./connection.ts";
import { isConflict, isLockTimeout, isStalePlan, postgresError } from "./error.ts";
import { beginLocked, migrate, type Migrated, requireStillKnown } from "./migrate.ts";
import { PostgresObjects } from "./objects.ts";
import { Pool } from "./pool.ts";
import { Reconnecting } from "./reconnect.ts";
import type { Schema } from "./schema.ts";
import type { Sessions } from "../../transactions/sessions.ts";
import { PostgresSignals } from "./signals.ts";
import { arrayText, PostgresStatements, StatementTexts } from "./statements.ts";
import type { PostgresTarget } from "./target.ts";
import { CommitLost, WalSync, type WalSyncOptions } from "./wal_sync.ts";

/** Number of times that a transaction is tried which conflicts with others or loses its connection. */
const MAX_ATTEMPTS = 5;
/** Seconds after which an attempt is given up, because the server or the network does not answer. */
const ATTEMPT_SECONDS = 60;
/** Number of transactions that may wait. More are refused, because their callers give up before their turn. */
const MAX_WAITING = 20_000;
/**
 * Number of connections of transactions that may write. While one has the lock, the next one waits for it in the server,
 * where it begins as soon as the first has committed.
 */
const WRITERS = 2;
/** Number of connections of transactions without the lock: those that only read, and those that are one statement. */
const UNLOCKED = 4;
/** Bytes of objects to keep in memory: those of a model that many nodes pull, and of replies that are pulled soon. */
const MAX_CACHED_BYTES = 64 * 2 ** 20;
/**
 * Seconds to find out whether a transaction was committed whose connection was lost meanwhile. The server needs 20 s to
 * end the session of a connection that was lost without notice.
 */
const OUTCOME_SECONDS = 30;
const OUTCOME_PAUSE_SECONDS = 0.1;

/** Commits do not wait for the disk, because the transaction would keep the lock meanwhile; see {@link WalSync}. */
const MAIN = { waitsForDisk: false };

/** Begins a transaction that only reads: all its statements see what was committed before the first of them. */
const BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/**
 * Kind of a transaction of this store. "unlocked" ones write without the lock, so that they run beside all others: each
 * is one statement on a table that no other transaction uses.
 */
type Kind = TransactionKind | "unlocked";

/** How a transaction begins that does not take the lock. */
const BEGIN_UNLOCKED: Readonly<Partial<Record<Kind, string>>> = {
  "read-only": BEGIN_READING,
  "unlocked": "BEGIN ISOLATION LEVEL READ COMMITTED",
};

/** The attempt had no effect, and the next one may succeed. */
class TryAgain extends Error {
  constructor(cause: unknown) {
    super("The transaction runs again", { cause });
  }
}

/** Options of a {@link PostgresStore}. */
export interface PostgresOptions extends WalSyncOptions {
  /** The versions of the schema that it knows: for tests, those of another version of this program. */
  readonly schema?: Schema;
  /** Called before each {@link TransactionStep}, where tests simulate crashes. */
  readonly onStep?: (step: TransactionStep) => void;
}

/** A committed transaction. */
interface Committed<T> {
  readonly result: T;
  /** Undefined for a relaxed one. */
  readonly mark: CommitMark | undefined;
}

/**
 * A store in PostgreSQL. Transactions that may write run one at a time, among all SuperLinks of a database, by a lock in
 * the server. Those that only read run beside them. Each attempt that surely failed is repeated; see
 * {@link MAX_ATTEMPTS}.
 */
export class PostgresStore implements LinkStore {
  readonly #target: PostgresTarget;
  readonly #texts = new StatementTexts();
  readonly #writers: Pool;
  readonly #unlocked: Pool;
  readonly #log: WalSync;
  readonly #marks = new CommitMarks();
  readonly #bytes = new BytesCache(MAX_CACHED_BYTES);
  /** Begins a transaction alone. */
  readonly #begin: string;
  readonly #onStep: (step: TransactionStep) => void;
  readonly isShared = true;
  readonly signals: PostgresSignals;
  readonly sessions: Sessions;
  readonly signers: SignerTable;
  readonly signatures: SignatureTable;
  readonly settings: SettingTable;
  readonly apiTokens: ApiTokenTable;
  #closing: Promise<void> | undefined;
  /** Resolves when the last transaction of this process that may write has the lock, so that the next one follows it. */
  #lastBegun: Promise<void> = Promise.resolve();

  private constructor(
    target: PostgresTarget,
    connection: Connection,
    /** What opening the store did to the tables. */
    readonly migrated: Migrated,
    options: PostgresOptions,
  ) {
    const { lock } = migrated;
    this.#target = target;
    const check = (connection: Connection) => requireStillKnown(connection, target, options.schema);
    const pool = (size: number, first?: Connection) =>
      new Pool(
        Array.from(
          { length: size },
          (_, nth) => new Reconnecting(target, { ...MAIN, check }, nth === 0 ? first : undefined),
        ),
        MAX_WAITING,
      );
    this.#writers = pool(WRITERS, connection);
    this.#unlocked = pool(UNLOCKED);
    this.#log = new WalSync(() => Connection.open(target, { waitsForDisk: true }), options);
    this.#begin = beginLocked(lock);
    this.#onStep = options.onStep ?? (() => {});
    this.signals = new PostgresSignals(target, `flwr_${BigInt.asUintN(32, lock)}`);
    this.sessions = this.signals;
    const perform = (kind: Kind) => async <T>(work: (sql: Statements) => Promise<T>) =>
      (await this.#perform(kind, work)).result;
    this.signers = new SqlSigners(perform("relaxed"));
    // Each call adds one, and must not wait for all that the SuperLinks write.
    this.signatures = new SqlSignatures(perform("unlocked"));
    this.settings = new SqlSettings(perform("relaxed"));
    this.apiTokens = new SqlApiTokens(
      perform("read-only"),
      // A revoked token must not come back after a failure of the machine.
      async (work) => await this.#stored(await this.#perform("durable", work)),
    );
  }

  /**
   * Opens the store, and creates or migrates its tables.
   *
   * @throws unavailable if the server cannot be reached; failed-precondition if it refuses the user, or the database
   *   belongs to another program or to a newer version
   */
  static async open(
    target: PostgresTarget,
    options: PostgresOptions = {},
  ): Promise<PostgresStore> {
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(target, MAIN);
      const migrated = await migrate(connection, target, options.schema);
      return new PostgresStore(target, connection, migrated, options);
    } catch (error) {
      await connection?.close();
      throw postgresError(target, error);
    }
  }

  async transaction<T>(
    kind: TransactionKind,
    work: (tables: LinkTables) => Promise<T>,
    onCommit?: () => void,
  ): Promise<T> {
    return await this.#stored(
      await this.#perform(kind, (sql) => work(this.#tables(sql)), onCommit),
    );
  }

  /** Waits until a transaction with a mark is on the server's disk. */
  async #stored<T>({ result, mark }: Committed<T>): Promise<T> {
    if (mark !== undefined) {
      try {
        await this.#log.flush(mark);
      } catch (error) {
        // The connections may lead to a server whose place another one has taken.
        if (error instanceof CommitLost) {
          this.#writers.disconnect();
          this.#unlocked.disconnect();
        }
        throw new NotSynced(result, FlwrError.from(postgresError(this.#target, error)));
      }
    }
    return result;
  }

  #tables(sql: Statements): LinkTables {
    return { ...sqlTables(sql), objects: new PostgresObjects(sql, this.#bytes) };
  }

  async usage(): Promise<StoreUsage> {
    return (await this.#perform("read-only", usage)).result;
  }

  async gauges(): Promise<StoreGauges> {
    const read = (sql: Statements) => readGauges(sql, "pg_database_size(current_database())");
    return (await this.#perform("read-only", read)).result;
  }

  /** Nothing to do: the server's autovacuum returns the space of removed records. */
  reclaim(): Promise<boolean> {
    return Promise.resolve(false);
  }

  ping(): Promise<void> {
    return this.signals.ping();
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#writers.close(), this.#unlocked.close()]);
    await this.signals.close();
    await this.#log.close();
  }

  #perform<T>(
    kind: Kind,
    work: (sql: Statements) => Promise<T>,
    onCommit?: () => void,
  ): Promise<Committed<T>> {
    const pool = kind in BEGIN_UNLOCKED ? this.#unlocked : this.#writers;
    return pool.run((main) => this.#performOn(main, kind, work, onCommit));
  }

  async #performOn<T>(
    main: Reconnecting,
    kind: Kind,
    work: (sql: Statements) => Promise<T>,
    onCommit?: () => void,
  ): Promise<Committed<T>> {
    for (let attempt = 1;; attempt++) {
      const connection = await main.connected();
      const timer = setTimeout(() => connection.close(), ATTEMPT_SECONDS * 1000);
      try {
        const committed = await this.#attempt(main, connection, kind, work);
        onCommit?.();
        return committed;
      } catch (error) {
        if (!(error instanceof TryAgain)) throw postgresError(this.#target, error);
        if (attempt === MAX_ATTEMPTS) throw postgresError(this.#target, error.cause);
      } finally {
        clearTimeout(timer);
      }
    }
  }

  async #attempt<T>(
    main: Reconnecting,
    connection: Connection,
    kind: Kind,
    work: (sql: Statements) => Promise<T>,
  ): Promise<Committed<T>> {
    if (kind !== "read-only") this.#onStep("begin");
    const turn = Promise.withResolvers<void>();
    if (!(kind in BEGIN_UNLOCKED)) {
      const before = this.#lastBegun;
      this.#lastBegun = turn.promise;
      await before;
    }
    // Sent together with the first statement of the work.
    const begun = connection.script(BEGIN_UNLOCKED[kind] ?? this.#begin);
    begun.then(() => turn.resolve(), () => turn.resolve());
    const sql = new PostgresStatements(connection, this.#texts, () => {
      if (kind === "read-only") throw readOnlyError();
      this.#onStep("write");
    });
    let result: T;
    try {
      result = await work(sql);
      sql.end();
      // A failed statement fails the transaction, even if the work went on.
      if (sql.failure !== undefined) throw sql.failure;
    } catch (error) {
      sql.end();
      // Nothing is stored without COMMIT.
      if (connection.isLost) throw new TryAgain(error);
      if (isStalePlan(sql.failure)) {
        await connection.close();
        throw new TryAgain(sql.failure);
      }
      connection.script("ROLLBACK").catch(() => {});
      await begun;
      // Statements travel together, so what the work saw may only say that an earlier one had failed.
      throw isConflict(sql.failure) ? new TryAgain(sql.failure) : sql.failure ?? error;
    }
    // A durable transaction leaves a mark even if it only read: what it read must be on the disk, too.
    const mark = kind === "durable" ? this.#marks.next(connection) : undefined;
    if (mark === undefined && !sql.hasWritten) {
      // Nothing depends on the answer, so the next transaction does not wait for it.
      connection.script("COMMIT").catch(() => {});
      return { result, mark };
    }
    this.#onStep("commit");
    // Sent together, with the writes of the work that are still on their way.
    const marked = mark && writeMark(mark);
    marked?.catch(() => {});
    try {
      const { command } = await connection.script("COMMIT");
      if (command === "COMMIT") {
        this.#onStep("committed");
        return { result, mark };
      }
      // The transaction is rolled back, because one of these failed.
      await begun;
      if (sql.failure !== undefined) throw sql.failure;
      await marked;
      throw new FlwrError("internal", `The database answered COMMIT with "${command}"`);
    } catch (error) {
      if (connection.isLost) {
        await this.#findOutcome(main, mark, error);
        return { result, mark };
      }
      if (isStalePlan(error)) await connection.close();
      throw isStalePlan(error) || isConflict(error) ? new TryAgain(error) : error;
    }
  }

  /**
   * Finds out whether a transaction was committed whose connection was lost during COMMIT. Returns if it was.
   *
   * @param mark undefined if the transaction left none
   * @throws TryAgain if it was not; unavailable if that is unknown
   */
  async #findOutcome(
    main: Reconnecting,
    mark: CommitMark | undefined,
    lostBy: unknown,
  ): Promise<void> {
    const deadline = performance.now() + OUTCOME_SECONDS * 1000;
    let cause = lostBy;
    while (mark !== undefined && performance.now() < deadline) {
      let isCommitted: boolean;
      try {
        const connection = await main.connected();
        isCommitted = await this.#hasMark(connection, mark, deadline - performance.now());
      } catch (error) {
        cause = error;
        if (!(error instanceof ConnectionLost) && !isLockTimeout(error)) break;
        await systemClock.sleep(OUTCOME_PAUSE_SECONDS);
        continue;
      }
      if (isCommitted) return;
      throw new TryAgain(lostBy);
    }
    const hints = ["Calls are repeated: a change that was stored is not stored twice"];
    throw new OutcomeUnknown({ cause, hints });
  }

  async #hasMark(connection: Connection, mark: CommitMark, milliseconds: number): Promise<boolean> {
    const timer = setTimeout(() => connection.close(), milliseconds);
    try {
      // Waits for the lost session, which keeps the lock until its transaction has ended.
      await connection.script(this.#begin);
      const values = [arrayText([mark.session])];
      const { rows: [row] } = await connection.query(`SELECT ${NUMBERS} AS numbers`, values);
      return hasMark(readNumbers(row!.numbers as string | null), mark);
    } finally {
      clearTimeout(timer);
      if (!connection.isLost) connection.script("ROLLBACK").catch(() => {});
    }
  }
}
