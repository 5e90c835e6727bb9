import { systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { isPassing, postgresError } from "./error.ts";
import type { PostgresTarget } from "./target.ts";

/** Seconds that a transaction waits for a server that is away: as long as a restart takes. */
const PATIENCE_SECONDS = 10;
/** Seconds between two attempts to connect. */
const PAUSE_SECONDS = 0.25;

/** Options of {@link Reconnecting}. */
export interface ReconnectingOptions extends ConnectionOptions {
  /** Checks each connection that it makes. What it throws is thrown at once. */
  readonly check?: (connection: Connection) => Promise<void>;
}

/** A connection to a server, which is made when it is first used, and again after it was lost. */
export class Reconnecting {
  readonly #target: PostgresTarget;
  readonly #options: ReconnectingOptions;
  #connection: Connection | undefined;
  /** When the server was found to be away, in milliseconds of the process; undefined while it is there. */
  #awaySince: number | undefined;
  #lastError: unknown;
  #triedAt = -Infinity;

  /** @param connection the first connection, with these options; default: one is made when it is used */
  constructor(target: PostgresTarget, options: ReconnectingOptions, connection?: Connection) {
    this.#target = target;
    this.#options = options;
    this.#connection = connection;
  }

  /**
   * The connection. Waits for a server that went away a moment ago, and fails at once if it has been away for longer.
   *
   * @throws unavailable or failed-precondition
   */
  async connected(): Promise<Connection> {
    if (this.#connection?.isLost === false) return this.#connection;
    for (;;) {
      const isAway = this.#awaySince !== undefined &&
        performance.now() - this.#awaySince > PATIENCE_SECONDS * 1000;
      if (isAway && performance.now() - this.#triedAt < PAUSE_SECONDS * 1000) throw this.#lastError;
      let connection: Connection | undefined;
      try {
        connection = await Connection.open(this.#target, this.#options);
        await this.#options.check?.(connection);
        this.#awaySince = undefined;
        return this.#connection = connection;
      } catch (cause) {
        const isRefused = connection?.isLost === false;
        await connection?.close();
        const error = FlwrError.from(postgresError(this.#target, cause));
        this.#lastError = error;
        this.#triedAt = performance.now();
        this.#awaySince ??= this.#triedAt;
        if (isAway || isRefused || !isPassing(error)) throw error;
        await systemClock.sleep(PAUSE_SECONDS);
      }
    }
  }

  /** Closes the connection. Its running statements reject. */
  disconnect(): void {
    this.#connection?.close();
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }
}
