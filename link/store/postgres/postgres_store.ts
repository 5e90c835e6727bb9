import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { type Durability, NotSynced } from "../../transactions/transactions.ts";
import { Serial } from "../serial.ts";
import { text } from "../sql/rows.ts";
import { SqlSettings } from "../sql/settings.ts";
import { SqlSignatures } from "../sql/signatures.ts";
import { SqlSigners } from "../sql/signers.ts";
import type { Statements } from "../sql/statements.ts";
import { sqlTables } from "../sql/tables.ts";
import { usage } from "../sql/usage.ts";
import type {
  LinkStore,
  LinkTables,
  SettingTable,
  SignatureTable,
  SignerTable,
  StoreUsage,
} from "../store.ts";
import { Connection, ConnectionLost } from "./connection.ts";
import { isConflict, isPassing, postgresError } from "./error.ts";
import { migrate } from "./migrate.ts";
import { Reconnecting } from "./reconnect.ts";
import { PostgresSignals } from "./signals.ts";
import { PostgresStatements, StatementTexts } from "./statements.ts";
import type { PostgresTarget } from "./target.ts";
import { WalSync, type WalSyncOptions } from "./wal_sync.ts";

/** Number of times that a transaction is tried which conflicts with others or loses its connection. */
const MAX_ATTEMPTS = 5;
/** Seconds after which an attempt is given up, because the server or the network does not answer. */
const ATTEMPT_SECONDS = 60;
/** Number of transactions that may wait. More are refused, because their callers give up before their turn. */
const MAX_WAITING = 20_000;
/** Seconds to find out whether a transaction was committed whose connection was lost meanwhile. */
const OUTCOME_SECONDS = 10;
const OUTCOME_PAUSE_SECONDS = 0.1;

/** Commits do not wait for the disk, because the transaction would keep the lock meanwhile; see {@link WalSync}. */
const MAIN = { waitsForDisk: false };

/** The attempt had no effect, and the next one may succeed. */
class TryAgain extends Error {
  constructor(cause: unknown) {
    super("The transaction runs again", { cause });
  }
}

/** Options of a {@link PostgresStore}. */
export type PostgresOptions = WalSyncOptions;

/** A committed transaction. */
interface Committed<T> {
  readonly result: T;
  /** The connection that committed it, or learned that it was. */
  readonly connection: Connection;
}

/**
 * A store in PostgreSQL. Transactions run one at a time: in this process by a queue, among all SuperLinks of a database
 * by a lock in the server. Each attempt that surely failed is repeated; see {@link MAX_ATTEMPTS}.
 */
export class PostgresStore implements LinkStore {
  readonly #target: PostgresTarget;
  readonly #texts = new StatementTexts();
  readonly #queue = new Serial(MAX_WAITING);
  readonly #main: Reconnecting;
  readonly #log: WalSync;
  /** Begins a transaction alone; the second form returns its id, too. */
  readonly #begin: Readonly<Record<Durability, string>>;
  readonly isShared = true;
  readonly signals: PostgresSignals;
  readonly signers: SignerTable;
  readonly signatures: SignatureTable;
  readonly settings: SettingTable;

  private constructor(
    target: PostgresTarget,
    connection: Connection,
    lock: bigint,
    options: PostgresOptions,
  ) {
    this.#target = target;
    this.#main = new Reconnecting(target, MAIN, connection);
    this.#log = new WalSync(() => Connection.open(target, { waitsForDisk: true }), options);
    this.#begin = {
      relaxed: `BEGIN; SELECT pg_advisory_xact_lock(${lock})`,
      durable: `BEGIN; SELECT pg_advisory_xact_lock(${lock}), pg_current_xact_id()::text AS id`,
    };
    this.signals = new PostgresSignals(target, `flwr_${BigInt.asUintN(32, lock)}`);
    const perform = <T>(work: (sql: Statements) => Promise<T>) =>
      this.#queue.run(async () => (await this.#perform("relaxed", work)).result);
    this.signers = new SqlSigners(perform);
    this.signatures = new SqlSignatures(perform);
    this.settings = new SqlSettings(perform);
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
      return new PostgresStore(target, connection, await migrate(connection, target), options);
    } catch (error) {
      await connection?.close();
      throw postgresError(target, error);
    }
  }

  async transaction<T>(
    durability: Durability,
    work: (tables: LinkTables) => Promise<T>,
    onCommit?: () => void,
  ): Promise<T> {
    const { result, connection } = await this.#queue.run(() =>
      this.#perform(durability, (sql) => work(sqlTables(sql)), onCommit)
    );
    if (durability === "durable") {
      try {
        await this.#log.flush();
        // A server that stopped meanwhile may have lost the commit before the new connection's one.
        if (connection.isLost) throw new ConnectionLost();
      } catch (error) {
        throw new NotSynced(result, FlwrError.from(postgresError(this.#target, error)));
      }
    }
    return result;
  }

  usage(): Promise<StoreUsage> {
    return this.#queue.run(async () => (await this.#perform("relaxed", usage)).result);
  }

  /** Nothing to do: the server's autovacuum returns the space of removed records. */
  reclaim(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async close(): Promise<void> {
    if (!await this.#queue.close()) return;
    await this.signals.close();
    await this.#log.close();
    await this.#main.close();
  }

  async #perform<T>(
    durability: Durability,
    work: (sql: Statements) => Promise<T>,
    onCommit?: () => void,
  ): Promise<Committed<T>> {
    for (let attempt = 1;; attempt++) {
      const connection = await this.#main.connected();
      const timer = setTimeout(() => connection.close(), ATTEMPT_SECONDS * 1000);
      try {
        const committed = await this.#attempt(connection, durability, work);
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
    connection: Connection,
    durability: Durability,
    work: (sql: Statements) => Promise<T>,
  ): Promise<Committed<T>> {
    // Sent together with the first statement of the work.
    const begun = connection.script(this.#begin[durability]);
    begun.catch(() => {});
    const sql = new PostgresStatements(connection, this.#texts);
    let result: T;
    let id: string | undefined;
    try {
      result = await work(sql);
      sql.end();
      const { rows: [row] } = await begun;
      if (durability === "durable") id = text(row!, "id");
      // A failed statement fails the transaction, even if the work went on.
      if (sql.failure !== undefined) throw sql.failure;
    } catch (error) {
      sql.end();
      // Nothing is stored without COMMIT.
      if (connection.isLost) throw new TryAgain(error);
      connection.script("ROLLBACK").catch(() => {});
      await begun;
      throw isConflict(sql.failure) ? new TryAgain(sql.failure) : error;
    }
    if (!sql.hasWritten) {
      // Nothing depends on the answer, so the next transaction does not wait for it.
      connection.script("COMMIT").catch(() => {});
      return { result, connection };
    }
    try {
      const { command } = await connection.script("COMMIT");
      if (command === "COMMIT") return { result, connection };
      throw new FlwrError("internal", `The database answered COMMIT with "${command}"`);
    } catch (error) {
      if (isConflict(error)) throw new TryAgain(error);
      if (!connection.isLost) throw error;
      return { result, connection: await this.#findOutcome(id, error) };
    }
  }

  /**
   * Finds out whether a transaction was committed whose connection was lost during COMMIT.
   *
   * @param id the transaction's number in the server
   * @returns the connection that found it committed
   * @throws TryAgain if it was not; unavailable if that is unknown
   */
  async #findOutcome(id: string | undefined, cause: unknown): Promise<Connection> {
    const deadline = performance.now() + OUTCOME_SECONDS * 1000;
    while (id !== undefined && performance.now() < deadline) {
      try {
        const connection = await this.#main.connected();
        const { rows: [row] } = await connection.query(
          "SELECT pg_xact_status($1::text::xid8) AS status",
          [id],
        );
        if (row?.status === "committed") return connection;
        if (row?.status === "aborted") throw new TryAgain(cause);
        // The server has not noticed yet that the connection is gone.
        if (row?.status !== "in progress") break;
      } catch (error) {
        if (error instanceof TryAgain) throw error;
        if (!(error instanceof ConnectionLost) && !isPassing(error)) throw error;
        if (isPassing(error)) break;
      }
      await systemClock.sleep(OUTCOME_PAUSE_SECONDS);
    }
    throw new FlwrError(
      "unavailable",
      "The SuperLink lost its database while it stored the change: the outcome is unknown",
      { cause, hints: ["Try again: a change that was stored is not stored twice"] },
    );
  }
}
