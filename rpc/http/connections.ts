import { networkOf } from "../network.ts";

/** Milliseconds from a connection's start to the end of its first request's headers, TLS handshake included. */
const HEAD_TIMEOUT_MS = 20_000;

/** Milliseconds between checks for connections that were unused for too long. */
const HEAD_CHECK_MS = 5_000;

/** Connections of one server. Each costs a file descriptor and about 5 KiB, or up to 64 KiB while headers arrive. */
const MAX_CONNECTIONS = 16_384;

/** Connections of one IP address. A SuperNode has two or three, and a thousand nodes may share an address. */
const MAX_CONNECTIONS_PER_ADDRESS = 4_096;

/**
 * Requests in progress on one connection. HTTP/1.1 has one at a time, even with pipelining. Only HTTP/2, which Deno
 * accepts over plain text, has more.
 */
export const MAX_REQUESTS_PER_CONNECTION = 16;

/** Milliseconds without a request after which a connection is closed. Python's clients close theirs after 5 s. */
const KEEP_ALIVE_MS = 75_000;

/** Limits on a server's connections and on how long unused ones stay open. */
export interface ConnectionLimits {
  /** Connections of all callers; {@link MAX_CONNECTIONS} by default. */
  readonly connections?: number;
  /** Connections of one IP address; {@link MAX_CONNECTIONS_PER_ADDRESS} by default. */
  readonly perAddress?: number;
  /** Milliseconds from a connection's start to its first request; {@link HEAD_TIMEOUT_MS} by default. */
  readonly headTimeoutMs?: number;
  /** Milliseconds from an answer to the next request; {@link KEEP_ALIVE_MS} by default. */
  readonly keepAliveMs?: number;
}

/** The connections of one caller: an IP address, or a network of IPv6. */
interface Caller {
  readonly open: Set<Connection>;
  /** Those without a request in progress, longest idle first. */
  readonly idle: Set<Connection>;
}

/** One connection of a server. */
export class Connection {
  readonly #owner: Connections;
  readonly #listeners = new Set<() => void>();
  #close: (() => void) | undefined;
  #requests = 0;
  #closed = false;
  #markedForClosing = false;
  /** Whether a request has arrived on it. */
  used = false;
  /** When it was last in use, in milliseconds of `performance.now()`. */
  idleSince = performance.now();

  /**
   * @param network the network that counts as one caller: see {@link networkOf}
   * @param peer "address:port" of the other end
   */
  constructor(owner: Connections, readonly network: string, readonly peer: string) {
    this.#owner = owner;
  }

  /** Whether it is closed, by either end. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Marks the connection to be closed soon. @returns whether it was not marked before */
  markForClosing(): boolean {
    const isNew = !this.#markedForClosing;
    this.#markedForClosing = true;
    return isNew;
  }

  /**
   * Registers a function to call when either end closes the connection.
   *
   * @returns a function that unregisters it
   */
  onClose(listener: () => void): () => void {
    if (this.#closed) listener();
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sets the function that closes the underlying connection. */
  attach(close: () => void): void {
    if (this.#closed) close();
    else this.#close = close;
  }

  /** Closes the connection immediately. Bytes already handed to the network are sent, nothing else. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.remove(this);
    this.#close?.();
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /**
   * Counts a request, or a response being sent, as begun.
   *
   * @returns false if the connection has more in progress than it may: HTTP/1.1 has one, HTTP/2 any number
   */
  begin(): boolean {
    this.used = true;
    if (this.#requests++ === 0) this.#owner.markBusy(this);
    return this.#requests <= MAX_REQUESTS_PER_CONNECTION;
  }

  /** Counts one as ended. */
  end(): void {
    if (--this.#requests > 0) return;
    this.idleSince = performance.now();
    this.#owner.markIdle(this);
  }
}

/**
 * Counts a server's connections by address, and closes unused ones: those whose first or next request does not arrive
 * in time, and those whose place is needed. If an address is at its limit, its longest unused connection is closed
 * for a new one. So one caller cannot take the places of others, and a stranger behind the same address cannot block
 * a node for longer than the node is silent.
 */
export class Connections implements Disposable {
  readonly #callers = new Map<string, Caller>();
  readonly #limits: Required<ConnectionLimits>;
  readonly #timer: ReturnType<typeof setInterval>;
  #count = 0;

  constructor(limits: ConnectionLimits = {}) {
    this.#limits = {
      connections: limits.connections ?? MAX_CONNECTIONS,
      perAddress: limits.perAddress ?? MAX_CONNECTIONS_PER_ADDRESS,
      headTimeoutMs: limits.headTimeoutMs ?? HEAD_TIMEOUT_MS,
      keepAliveMs: limits.keepAliveMs ?? KEEP_ALIVE_MS,
    };
    const { headTimeoutMs, keepAliveMs } = this.#limits;
    const every = Math.min(HEAD_CHECK_MS, headTimeoutMs, keepAliveMs);
    this.#timer = setInterval(() => this.#closeUnused(performance.now()), every);
  }

  /** Number of open connections. */
  get count(): number {
    return this.#count;
  }

  /**
   * Registers a new connection.
   *
   * @param host IP address of the other end
   * @param isProxy whether that is a trusted proxy, for which the limit of one address does not count
   * @returns undefined if a limit is reached and no unused connection can be closed
   */
  open(host: string, peer: string, isProxy = false): Connection | undefined {
    const network = networkOf(host);
    const caller = this.#callers.get(network) ?? { open: new Set(), idle: new Set() };
    const isFull = !isProxy && caller.open.size >= this.#limits.perAddress;
    if (isFull && !this.#closeOldest(caller)) return undefined;
    if (this.#count >= this.#limits.connections && !this.makeRoom()) return undefined;
    const connection = new Connection(this, network, peer);
    caller.open.add(connection);
    caller.idle.add(connection);
    this.#callers.set(network, caller);
    this.#count++;
    return connection;
  }

  /** Closes the longest unused connection of the address with the most connections. @returns whether there was one */
  makeRoom(): boolean {
    let most: Caller | undefined;
    for (const caller of this.#callers.values()) {
      if (caller.idle.size > 0 && caller.open.size > (most?.open.size ?? 0)) most = caller;
    }
    return most !== undefined && this.#closeOldest(most);
  }

  /** Frees the place of a closed connection. Called by the connection. */
  remove(connection: Connection): void {
    const caller = this.#callers.get(connection.network);
    if (!caller?.open.delete(connection)) return;
    this.#count--;
    caller.idle.delete(connection);
    if (caller.open.size === 0) this.#callers.delete(connection.network);
  }

  markBusy(connection: Connection): void {
    this.#callers.get(connection.network)?.idle.delete(connection);
  }

  markIdle(connection: Connection): void {
    const caller = this.#callers.get(connection.network);
    if (caller?.open.has(connection)) caller.idle.add(connection);
  }

  /** Closes all. */
  closeAll(): void {
    for (const { open } of [...this.#callers.values()]) {
      for (const connection of open) connection.close();
    }
  }

  /** Closes connections that have been unused for this long, and those that never had a request. */
  closeIdle(milliseconds: number): void {
    const before = performance.now() - milliseconds;
    for (const { idle } of [...this.#callers.values()]) {
      for (const connection of idle) {
        if (!connection.used || connection.idleSince <= before) connection.close();
      }
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #closeOldest({ idle }: Caller): boolean {
    const [oldest] = idle;
    if (oldest === undefined) return false;
    oldest.close();
    return true;
  }

  #closeUnused(now: number): void {
    const { headTimeoutMs, keepAliveMs } = this.#limits;
    const least = Math.min(headTimeoutMs, keepAliveMs);
    for (const { idle } of [...this.#callers.values()]) {
      for (const connection of idle) {
        const silent = now - connection.idleSince;
        if (silent < least) break;
        if (silent >= (connection.used ? keepAliveMs : headTimeoutMs)) connection.close();
      }
    }
  }
}
