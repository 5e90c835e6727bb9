import { networkOf } from "../network.ts";

/** Milliseconds from a connection's start to the end of its first request's head, TLS included. */
const HEAD_TIMEOUT_MS = 20_000;

/** Milliseconds between looks for connections that are unused for too long. */
const HEAD_CHECK_MS = 5_000;

/** Connections of one server. Each costs a file descriptor and some 5 KiB, or up to 64 KiB while a head comes. */
const MAX_CONNECTIONS = 16_384;

/** Connections of one IP address. A SuperNode has two or three, and a thousand nodes may share an address. */
const MAX_CONNECTIONS_PER_ADDRESS = 4_096;

/**
 * Requests under way on one connection. HTTP/1.1 has one at a time, whatever a caller sends ahead. Only HTTP/2, which
 * Deno takes for granted over plain text, has more.
 */
export const MAX_REQUESTS_PER_CONNECTION = 16;

/** Milliseconds without a request after which a connection is closed. Python's clients close theirs after 5 s. */
const KEEP_ALIVE_MS = 75_000;

/** How many connections a server holds, and for how long unused ones. */
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

/** The connections of one IP address, or network of IPv6. */
interface Caller {
  readonly open: Set<Connection>;
  /** Those without a request under way, in the order in which they became so. */
  readonly idle: Set<Connection>;
}

/** One connection of a server. */
export class Connection {
  readonly #owner: Connections;
  readonly #listeners = new Set<() => void>();
  #close: (() => void) | undefined;
  #requests = 0;
  #closed = false;
  #condemned = false;
  /** Whether it has brought a request yet. */
  used = false;
  /** When it was last in use, in milliseconds of `performance.now()`. */
  idleSince = performance.now();

  /**
   * @param network what counts as one caller: see {@link networkOf}
   * @param peer "address:port" of the other end
   */
  constructor(owner: Connections, readonly network: string, readonly peer: string) {
    this.#owner = owner;
  }

  /** Whether it is closed, by either end. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Notes that it is to be closed soon. @returns whether that is new */
  condemn(): boolean {
    const isNew = !this.#condemned;
    this.#condemned = true;
    return isNew;
  }

  /**
   * Has a function called when the connection is closed, by either end.
   *
   * @returns what takes that back
   */
  onClose(listener: () => void): () => void {
    if (this.#closed) listener();
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Says what closes the connection of the system. */
  attach(close: () => void): void {
    if (this.#closed) close();
    else this.#close = close;
  }

  /** Closes the connection at once. What was handed to the network goes out, nothing else. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.forget(this);
    this.#close?.();
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /**
   * Notes that a request, or the sending of an answer, has begun.
   *
   * @returns whether the connection may have one more under way: HTTP/1.1 has one, HTTP/2 as many as it likes
   */
  begin(): boolean {
    this.used = true;
    if (this.#requests++ === 0) this.#owner.busy(this);
    return this.#requests <= MAX_REQUESTS_PER_CONNECTION;
  }

  /** Notes that one has ended. */
  end(): void {
    if (--this.#requests > 0) return;
    this.idleSince = performance.now();
    this.#owner.idle(this);
  }
}

/**
 * Counts the connections of a server by address, and closes those that nobody uses: without a first request, without a
 * next one, or because others need their place. An address that has as many as it may has its longest unused connection
 * closed for a new one, so that one caller cannot take the places of others, nor a stranger behind the same address those
 * of a node for longer than the node is silent.
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

  /** How many are open. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes a connection in.
   *
   * @param host IP address of the other end
   * @returns undefined where there is no place for it
   */
  open(host: string, peer: string): Connection | undefined {
    const network = networkOf(host);
    const caller = this.#callers.get(network) ?? { open: new Set(), idle: new Set() };
    if (caller.open.size >= this.#limits.perAddress && !this.#closeOldest(caller)) return undefined;
    if (this.#count >= this.#limits.connections && !this.makeRoom()) return undefined;
    const connection = new Connection(this, network, peer);
    caller.open.add(connection);
    caller.idle.add(connection);
    this.#callers.set(network, caller);
    this.#count++;
    return connection;
  }

  /** Closes the longest unused connection of the address that has most of them. @returns whether there was one */
  makeRoom(): boolean {
    let most: Caller | undefined;
    for (const caller of this.#callers.values()) {
      if (caller.idle.size > 0 && caller.open.size > (most?.open.size ?? 0)) most = caller;
    }
    return most !== undefined && this.#closeOldest(most);
  }

  /** To be called by a connection that is closed: its place is free. */
  forget(connection: Connection): void {
    const caller = this.#callers.get(connection.network);
    if (!caller?.open.delete(connection)) return;
    this.#count--;
    caller.idle.delete(connection);
    if (caller.open.size === 0) this.#callers.delete(connection.network);
  }

  busy(connection: Connection): void {
    this.#callers.get(connection.network)?.idle.delete(connection);
  }

  idle(connection: Connection): void {
    const caller = this.#callers.get(connection.network);
    if (caller?.open.has(connection)) caller.idle.add(connection);
  }

  /** Closes all. */
  closeAll(): void {
    for (const { open } of [...this.#callers.values()]) {
      for (const connection of open) connection.close();
    }
  }

  /** Closes those that are unused, and were for so long. */
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
