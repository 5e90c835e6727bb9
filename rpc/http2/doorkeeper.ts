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

/** The part of a connection that a doorkeeper uses. */
export type GuardedConnection = Pick<
  Http2Connection,
  "host" | "openedAt" | "offence" | "streams" | "drain" | "close"
>;

/** What is remembered about one caller: an address, or a network of IPv6. */
interface Caller {
  readonly openings: Allowance;
  readonly refusals: Allowance;
  /** Its connections without an admitted call, oldest first. */
  readonly strangers: Set<GuardedConnection>;
}

/**
 * Limits what callers without an admitted call can use of a server. A connection is a stranger's until one of its
 * calls is admitted. The number of strangers' connections is limited, and the oldest is closed for a new one, so a
 * newcomer that can authenticate always gets in. No other connection is closed to make room.
 */
export class Doorkeeper {
  readonly #callers = new RecentMap<string, Caller>(MAX_ADDRESSES);
  readonly #strangers = new Set<GuardedConnection>();
  /** Strangers' connections with a call whose headers were accepted. */
  readonly #headersAccepted = new WeakSet<GuardedConnection>();
  /** Connections that are draining. */
  readonly #draining = new WeakSet<GuardedConnection>();
  readonly #isProxy: (host: string) => boolean;
  #connections = 0;

  /** @param isProxy whether an address is a trusted proxy's, for which the limits of one address do not count */
  constructor(isProxy: (host: string) => boolean = () => false) {
    this.#isProxy = isProxy;
  }

  /** Whether a new connection of an address may be served. Called before anything is read from it. */
  admits(host: string): boolean {
    if (this.#connections >= MAX_CONNECTIONS && this.#strangers.size === 0) return false;
    return this.#isProxy(host) || this.#callerOf(host).openings.spend(1, seconds());
  }

  /** Registers an opened connection. */
  opened(host: string, connection: GuardedConnection): void {
    this.#connections++;
    const { strangers } = this.#callerOf(host);
    strangers.add(connection);
    this.#strangers.add(connection);
    const isFull = strangers.size > MAX_STRANGERS_PER_ADDRESS && !this.#isProxy(host);
    if (isFull) this.#closeFirst(strangers);
    if (this.#strangers.size > MAX_STRANGERS || this.#connections > MAX_CONNECTIONS) {
      this.#closeFirst(this.#strangers);
    }
  }

  /** Unregisters a closed connection. */
  closed(host: string, connection: GuardedConnection): void {
    this.#connections--;
    this.#known(host, connection);
    if (connection.offence !== undefined && !this.#isProxy(host)) {
      this.#callerOf(host).openings.spend(OPENINGS_PER_OFFENCE, seconds());
    }
  }

  /**
   * Notes that a call's headers were accepted, or that its request may be large. Its connection gets time to send the
   * rest.
   */
  headersAccepted(connection: GuardedConnection): void {
    this.#headersAccepted.add(connection);
  }

  /** Notes that a call was admitted, so its connection is no stranger's. */
  admitted(host: string, connection: GuardedConnection): void {
    if (this.#strangers.has(connection)) this.#known(host, connection);
  }

  /**
   * Notes that a call was refused. @returns whether its connection may stay open; a known caller's and a proxy's always
   * may
   */
  refused(host: string, connection: GuardedConnection): boolean {
    if (!this.#strangers.has(connection) || this.#isProxy(host)) return true;
    return this.#callerOf(host).refusals.spend(1, seconds());
  }

  /** Closes the oldest connection without an admitted call. @returns whether there was one */
  makeRoom(): boolean {
    return this.#closeFirst(this.#strangers);
  }

  /**
   * Drains connections that had no admitted call in time, and closes them at the next sweep. A connection with an
   * open call whose headers were accepted is spared. Closing at once would fail a call that the client sends
   * meanwhile; after GOAWAY the client makes it on another connection.
   */
  sweep(): void {
    const since = seconds() - STRANGER_SECONDS;
    for (const connection of this.#strangers) {
      if (connection.openedAt > since) break;
      if (connection.streams > 0 && this.#headersAccepted.has(connection)) continue;
      if (this.#draining.has(connection)) {
        connection.close();
      } else {
        this.#draining.add(connection);
        connection.drain();
      }
    }
  }

  #closeFirst(connections: ReadonlySet<GuardedConnection>): boolean {
    const [oldest] = connections;
    if (oldest === undefined) return false;
    this.#known(oldest.host, oldest);
    oldest.close();
    return true;
  }

  #known(host: string, connection: GuardedConnection): void {
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
