import { systemClock } from "../../base/clock.ts";
import { type Address, formatAddress } from "../address.ts";
import { ACCEPTED_PER_TURN } from "../limits.ts";
import type { ServerCertificate } from "../server.ts";
import { type AcceptedConnection, ServerListener } from "../server_listener.ts";
import { nextTurn } from "../../base/turn.ts";
import { type Connection, type ConnectionLimits, Connections } from "./connections.ts";
import { checkCanServe, serveConnection } from "./serve_connection.ts";

/** Milliseconds after a closing server's grace period in which its connections may still end by themselves. */
const LINGER_MS = 2000;

/** Milliseconds before accepting again after the system had no file descriptor for a connection. */
const ACCEPT_PAUSE_MS = 50;

/** Milliseconds for the last bytes of a response to leave before a closing server closes the connection. */
const FLUSH_MS = 250;

/** Answers a request of a connection. Must not throw. */
export type Answerer = (request: Request, connection: Connection) => Promise<Response>;

/** Options of a listener. */
export interface HttpListenerOptions {
  readonly address: Address;
  /** Without it the listener uses plain text. */
  readonly tls: ServerCertificate | undefined;
  /** See {@link ListenOptions.sharesPort}. */
  readonly sharesPort?: boolean;
  readonly limits: ConnectionLimits | undefined;
  readonly answerer: Answerer;
  /**
   * Called with the peer's "address:port" when a connection was closed because it had too many requests in progress.
   */
  readonly onTooManyRequests?: (peer: string) => void;
  /** Whether an address is a trusted proxy's, whose connections are those of many callers (default: none is). */
  readonly isProxy?: (host: string) => boolean;
}

/** HTTP/2 is not offered here: rpc/http2 serves it on other ports. */
const PROTOCOLS = ["http/1.1"];

/** Response on a connection with too many requests in progress, before it is closed. */
const TOO_MANY = "This server uses HTTP/1.1: send one request at a time on each connection.";

/** Accepts connections and, within the limits, hands them to Deno's HTTP server. */
export class HttpListener {
  readonly #listener: ServerListener;
  readonly #connections: Connections;
  readonly #answerer: Answerer;
  readonly #onTooManyRequests: (peer: string) => void;
  readonly #isProxy: (host: string) => boolean;
  /** A promise for the end of each open connection. */
  readonly #ends = new Set<Promise<void>>();
  /** Resolves when the listener has stopped accepting. */
  readonly #accepting: Promise<void>;
  #closing = false;

  /** @throws FlwrError "unavailable" when the address cannot be listened on */
  constructor(options: HttpListenerOptions) {
    const { address, tls, sharesPort, limits, answerer, onTooManyRequests, isProxy } = options;
    checkCanServe();
    this.#listener = new ServerListener({ address, tls, protocols: PROTOCOLS, sharesPort });
    this.#connections = new Connections(limits);
    this.#answerer = answerer;
    this.#onTooManyRequests = onTooManyRequests ?? (() => {});
    this.#isProxy = isProxy ?? (() => false);
    this.#accepting = this.#accept();
  }

  /** The actual port. */
  get port(): number {
    return this.#listener.port;
  }

  /** Uses another certificate for new connections. @throws FlwrError as {@link ServerListener.renew} */
  renew(tls: ServerCertificate): Promise<void> {
    return this.#listener.renew(tls);
  }

  /**
   * Stops accepting connections and requests, waits for those in progress, then closes the rest.
   *
   * @param graceSeconds how long they may take
   */
  async close(graceSeconds: number): Promise<void> {
    this.#closing = true;
    this.#listener.close();
    await this.#accepting; // until then the system accepts connections
    using connections = this.#connections;
    connections.closeIdle(FLUSH_MS);
    const looking = setInterval(() => connections.closeIdle(FLUSH_MS), FLUSH_MS);
    const breakOff = setTimeout(() => connections.closeAll(), graceSeconds * 1000);
    const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
    const patience = setTimeout(giveUp, graceSeconds * 1000 + LINGER_MS);
    await Promise.race([Promise.all(this.#ends), late]);
    clearInterval(looking);
    clearTimeout(breakOff);
    clearTimeout(patience);
  }

  async #accept(): Promise<void> {
    for (let taken = 1; !this.#closing; taken++) {
      // Accepting a pending connection does not yield to the event loop, so a flood of connections would starve
      // everything else.
      if (taken % ACCEPTED_PER_TURN === 0) await nextTurn();
      let accepted: AcceptedConnection;
      try {
        accepted = await this.#listener.accept();
      } catch {
        if (this.#closing) return;
        // The caller disconnected, or the system has no file descriptor left.
        this.#connections.makeRoom();
        await systemClock.sleep(ACCEPT_PAUSE_MS / 1000);
        continue;
      }
      this.#serve(accepted);
    }
  }

  #serve(accepted: AcceptedConnection): void {
    const { hostname: host, port } = accepted.remoteAddr as Deno.NetAddr;
    const peer = formatAddress({ host, port });
    const connection = this.#closing
      ? undefined
      : this.#connections.open(host, peer, this.#isProxy(host));
    if (connection === undefined) return accepted.close();
    if ("setNoDelay" in accepted) accepted.setNoDelay(true);
    const served = serveConnection(accepted, async (request) => {
      try {
        if (!connection.begin()) return this.#tooMany(connection);
        const answer = await this.#answerer(request, connection);
        if (this.#closing) answer.headers.set("connection", "close");
        return answer;
      } finally {
        connection.end();
      }
    });
    connection.attach(served.close);
    const ended = served.ended.then(() => {
      this.#ends.delete(ended);
      connection.close();
    });
    this.#ends.add(ended);
  }

  /**
   * Handles too many requests on one connection. Only HTTP/2, which Deno accepts over plain text, has several at a
   * time.
   */
  #tooMany(connection: Connection): Response {
    if (connection.markForClosing()) {
      this.#onTooManyRequests(connection.peer);
      setTimeout(() => connection.close(), FLUSH_MS);
    }
    return new Response(TOO_MANY, { status: 429 });
  }
}
