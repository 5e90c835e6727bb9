import { Socket } from "node:net";
import { checkServerIdentity } from "node:tls";
import postgres from "postgres";
import type { ColumnValue, Row } from "../sql/rows.ts";
import type { PostgresTarget } from "./target.ts";

/** Seconds to wait for a new connection. */
const CONNECT_SECONDS = 5;
/** Seconds of silence after which the system probes whether the other end is still there. */
const KEEP_ALIVE_SECONDS = 10;

/**
 * Settings of each session. A SuperLink that is cut off from the database must not hold its locks: the server ends a
 * transaction that does nothing, and probes silent connections. Times are milliseconds, those of TCP seconds.
 *
 * Nearly all statements name their rows by keys. The planner does not know how many rows a table has before autovacuum
 * has analysed it, at best each minute, and reads tables or indices in whole meanwhile: for a round of 100 nodes that took ten
 * times as long. To compile short statements takes longer than to run them.
 */
const SESSION = {
  lock_timeout: 20_000,
  statement_timeout: 60_000,
  idle_in_transaction_session_timeout: 20_000,
  default_transaction_isolation: "read committed",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  jit: "off",
  tcp_keepalives_idle: 10,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 3,
} as const;

/** Result of a statement. */
export interface Result {
  readonly rows: readonly Row[];
  /** Number of rows that the statement returned or changed. */
  readonly count: number;
  /** What the server did, for example "COMMIT", or "ROLLBACK" for the COMMIT of a failed transaction. */
  readonly command: string;
}

/** Error of statements whose connection was lost. */
export class ConnectionLost extends Error {
  constructor(cause?: unknown) {
    super("The connection to the database was lost", { cause });
  }
}

/** Options of {@link Connection.open}. */
export interface ConnectionOptions {
  /** Whether a commit waits until it is on the server's disk. */
  readonly waitsForDisk: boolean;
  /** Called for each notification of a channel that the connection listens to. */
  readonly onNotify?: (channel: string, payload: string) => void;
  /** Called once, when the connection is lost or closed. */
  readonly onEnd?: () => void;
}

/**
 * One connection to PostgreSQL. Statements run in the order of the calls, and are sent without waiting for the results
 * of earlier ones. A lost connection is not replaced, because statements of one transaction must not run in two sessions.
 */
export class Connection {
  readonly #client: postgres.Sql;
  readonly #pending = new Set<(error: Error) => void>();
  readonly #onEnd: () => void;
  #session: postgres.ReservedSql | undefined;
  #lostBy: ConnectionLost | undefined;

  private constructor(target: PostgresTarget, options: ConnectionOptions) {
    this.#onEnd = options.onEnd ?? (() => {});
    const { onNotify } = options;
    this.#client = postgres({
      host: target.host,
      port: target.port,
      database: target.database,
      username: target.user,
      password: target.password ?? "",
      ssl: tlsOptions(target),
      // The driver's types lack this option.
      ...{ socket: () => openSocket(target) },
      max: 1,
      max_lifetime: null,
      idle_timeout: 0,
      connect_timeout: CONNECT_SECONDS,
      keep_alive: KEEP_ALIVE_SECONDS,
      fetch_types: false,
      prepare: true,
      types: TYPES,
      onnotice: () => {},
      onclose: () => this.#lose(),
      ...(onNotify === undefined ? {} : { onnotify: onNotify }),
      connection: {
        ...SESSION,
        application_name: "flwr superlink",
        synchronous_commit: options.waitsForDisk ? "on" : "off",
        ...(target.schema === undefined ? {} : { search_path: target.schema }),
      },
    });
  }

  /** Connects. @throws PostgresError if the server refuses, otherwise {@link ConnectionLost} */
  static async open(target: PostgresTarget, options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(target, options);
    const client = connection.#client;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await Promise.race([
        // A query comes first, because the driver cannot reserve a connection that it has yet to make.
        client.unsafe("SELECT 1").then(async () => connection.#session = await client.reserve()),
        // The driver tries again at once, without end, if a proxy closes its connections before they are ready.
        new Promise((_, reject) => {
          timer = setTimeout(() => reject(new ConnectionLost()), 2 * CONNECT_SECONDS * 1000);
        }),
      ]);
      return connection;
    } catch (error) {
      await connection.close();
      throw error instanceof postgres.PostgresError ? error : new ConnectionLost(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the connection was lost or closed. */
  get isLost(): boolean {
    return this.#lostBy !== undefined;
  }

  /** Runs a statement with `$1`, `$2` … for its values. The server prepares each text once. */
  query(text: string, values: readonly ColumnValue[] = []): Promise<Result> {
    return this.#run((session) =>
      session.unsafe(text, values as postgres.ParameterOrJSON<never>[], {
        prepare: true,
        simple: false,
      } as postgres.UnsafeQueryOptions)
    );
  }

  /** Runs several statements without values, in one message. @returns the last statement's result */
  script(text: string): Promise<Result> {
    return this.#run((session) => session.unsafe(text));
  }

  /** Closes the connection without waiting for running statements, which reject. */
  async close(): Promise<void> {
    this.#lose();
    await this.#client.end({ timeout: 0 });
  }

  #run(send: (session: postgres.ReservedSql) => postgres.PendingQuery<Row[]>): Promise<Result> {
    const session = this.#session;
    if (this.#lostBy !== undefined || session === undefined) {
      return Promise.reject(this.#lostBy ?? new ConnectionLost());
    }
    return new Promise((resolve, reject) => {
      // The driver forgets statements that it has not sent when the connection is lost.
      this.#pending.add(reject);
      send(session).then((result) => {
        this.#pending.delete(reject);
        resolve(resultOf(result));
      }, (error) => {
        this.#pending.delete(reject);
        if (isFatal(error)) this.#lose(error);
        reject(this.#lostBy ?? error);
      });
    });
  }

  #lose(cause?: unknown): void {
    if (this.#lostBy !== undefined) return;
    this.#lostBy = new ConnectionLost(cause);
    for (const reject of this.#pending) reject(this.#lostBy);
    this.#pending.clear();
    this.#onEnd();
  }
}

/** The driver's result of a statement. */
type DriverResult = readonly Row[] & { readonly count?: number | null; readonly command?: string };

/** @param result of one statement, or an array of the results of several */
function resultOf(result: DriverResult | readonly DriverResult[]): Result {
  const last = "command" in result ? result : (result as readonly DriverResult[]).at(-1)!;
  return { rows: last, count: last.count ?? 0, command: last.command ?? "" };
}

/** Whether an error ends the connection: the server's FATAL and PANIC, and every error that is not the server's. */
function isFatal(error: unknown): boolean {
  return !(error instanceof postgres.PostgresError) ||
    error.severity === "FATAL" || error.severity === "PANIC";
}

/** Types that differ from the driver's: 64-bit integers, and bytes without Node's class. */
const TYPES = {
  bigint: {
    to: 20,
    from: [20],
    serialize: (value: bigint | number) => value.toString(),
    parse: (text: string) => BigInt(text),
  },
  bytea: {
    to: 17,
    from: [17],
    serialize: (value: Uint8Array) => `\\x${value.toHex()}`,
    parse: (text: string) => Uint8Array.fromHex(text.slice(2)),
  },
};

function tlsOptions({ host, tls }: PostgresTarget): false | object {
  if (tls === undefined) return false;
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    // Without this, the driver compares the certificate of a server at an IP address with the name "localhost".
    checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      tls.checksHost ? checkServerIdentity(host, certificate) : undefined,
  };
}

/**
 * Starts a TCP connection that sends each part at once. Otherwise, a statement waits until the server has acknowledged
 * the one before it, and a proxy may acknowledge 40 ms late.
 *
 * @returns the socket, before it is connected; it keeps what is written until then
 */
function openSocket({ host, port }: PostgresTarget): Socket {
  const socket = new Socket();
  socket.once("connect", () => socket.setNoDelay(true));
  socket.connect(port, host);
  // The driver checks the server's certificate for the name that it finds here.
  return Object.assign(socket, { host, port });
}
