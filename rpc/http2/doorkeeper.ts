import { RecentMap } from "../../base/recent_map.ts";
import { Allowance } from "./allowance.ts";
import { networkOf } from "../network.ts";
import { type Http2Connection, seconds } from "./connection.ts";
import {
  MAX_ADDRESSES,
  MAX_CONNECTIONS,
  MAX_STRANGERS,
  MAX_STRANGERS_PER_ADDRESS,
  OPENINGS,
  OPENINGS_PER_OFFENCE,
  REFUSALS,
  STRANGER_SECONDS,
} from "./limits.ts";

/** A connection, for a doorkeeper. */
export type Kept = Pick<
  Http2Connection,
  "host" | "openedAt" | "offence" | "streams" | "leave" | "close"
>;

/** What is remembered of an address, or network of IPv6. */
interface Caller {
  readonly openings: Allowance;
  readonly refusals: Allowance;
  /** Its connections on which no call was let in yet, the oldest first. */
  readonly strangers: Set<Kept>;
}

/**
 * Bounds what callers that were never let in can have of a server. A connection is a stranger's until a call on it is
 * let in. Of strangers there are only so many, and the oldest go first, so that a newcomer who can prove itself always
 * gets in; of nobody else is a connection closed for another's sake.
 */
export class Doorkeeper {
  readonly #callers = new RecentMap<string, Caller>(MAX_ADDRESSES);
  readonly #strangers = new Set<Kept>();
  /** Those on which a call was heard by its head. */
  readonly #heard = new WeakSet<Kept>();
  /** Those that were asked to leave. */
  readonly #leaving = new WeakSet<Kept>();
  #connections = 0;

  /** Whether one more connection of an address may be served: asked before anything is read of it. */
  admits(host: string): boolean {
    if (this.#connections >= MAX_CONNECTIONS && this.#strangers.size === 0) return false;
    return this.#callerOf(host).openings.take(1, seconds());
  }

  /** A connection was opened. */
  opened(host: string, connection: Kept): void {
    this.#connections++;
    const { strangers } = this.#callerOf(host);
    strangers.add(connection);
    this.#strangers.add(connection);
    if (strangers.size > MAX_STRANGERS_PER_ADDRESS) this.#closeFirst(strangers);
    if (this.#strangers.size > MAX_STRANGERS || this.#connections > MAX_CONNECTIONS) {
      this.#closeFirst(this.#strangers);
    }
  }

  /** A connection was closed. */
  closed(host: string, connection: Kept): void {
    this.#connections--;
    this.#known(host, connection);
    if (connection.offence !== undefined) {
      this.#callerOf(host).openings.take(OPENINGS_PER_OFFENCE, seconds());
    }
  }

  /** The head of a call on a connection was good, or its request may be large: it has time to bring the rest. */
  heard(connection: Kept): void {
    this.#heard.add(connection);
  }

  /** A call on a connection was let in: whoever made it is no stranger. */
  letIn(host: string, connection: Kept): void {
    if (this.#strangers.has(connection)) this.#known(host, connection);
  }

  /** A call was refused. @returns whether its connection may go on: one of somebody known always may */
  refused(host: string, connection: Kept): boolean {
    if (!this.#strangers.has(connection)) return true;
    return this.#callerOf(host).refusals.take(1, seconds());
  }

  /** Closes the oldest connection on which no call was let in. @returns whether there was one */
  makeRoom(): boolean {
    return this.#closeFirst(this.#strangers);
  }

  /**
   * Asks connections to leave on which no call was let in in time, unless one is under way that was heard, and closes
   * them at the next sweep. A call that a client sends meanwhile would fail for no fault of its own if the connection
   * were just closed; a client that is asked to leave makes it on another.
   */
  sweep(): void {
    const since = seconds() - STRANGER_SECONDS;
    for (const connection of this.#strangers) {
      if (connection.openedAt > since) break;
      if (connection.streams > 0 && this.#heard.has(connection)) continue;
      if (this.#leaving.has(connection)) {
        connection.close();
      } else {
        this.#leaving.add(connection);
        connection.leave();
      }
    }
  }

  #closeFirst(connections: ReadonlySet<Kept>): boolean {
    const [oldest] = connections;
    if (oldest === undefined) return false;
    this.#known(oldest.host, oldest);
    oldest.close();
    return true;
  }

  #known(host: string, connection: Kept): void {
    this.#strangers.delete(connection);
    this.#callers.peek(networkOf(host))?.strangers.delete(connection);
  }

  #callerOf(host: string): Caller {
    const network = networkOf(host);
    let caller = this.#callers.get(network);
    if (caller === undefined) {
      const now = seconds();
      caller = {
        openings: new Allowance(OPENINGS, now),
        refusals: new Allowance(REFUSALS, now),
        strangers: new Set(),
      };
      this.#callers.set(network, caller);
    }
    return caller;
  }
}
