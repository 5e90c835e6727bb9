import { systemClock } from "../../base/clock.ts";
import { type Address, formatAddress } from "../address.ts";
import { explainBindError } from "../bind_error.ts";
import { ACCEPTED_PER_TURN } from "../limits.ts";
import { sendAtOnce } from "../no_delay.ts";
import type { ServerTls } from "../server.ts";
import { nextTurn } from "../../base/turn.ts";
import { type Connection, type ConnectionLimits, Connections } from "./connections.ts";
import { checkCanServe, serveConnection } from "./serve_connection.ts";

/** Milliseconds after a closing server's grace that its connections have to end on their own account. */
const LINGER_MS = 2000;

/** Milliseconds before accepting again where the system had no file descriptor for a connection. */
const ACCEPT_PAUSE_MS = 50;

/** Milliseconds that the last bytes of an answer have to leave before a closing server closes their connection. */
const FLUSH_MS = 250;

/** Answers a request of a connection. Must not throw. */
export type Answerer = (request: Request, connection: Connection) => Promise<Response>;

/** What a listener is made of. */
export interface HttpListenerOptions {
  readonly address: Address;
  /** Without it the listener speaks plain text. */
  readonly tls: ServerTls | undefined;
  readonly limits: ConnectionLimits | undefined;
  readonly answerer: Answerer;
  /** Told of a connection that was closed for its requests, by the peer's "address:port". */
  readonly crowded?: (peer: string) => void;
}

/** HTTP/2 is not offered: rpc/http2 serves it at ports of its own. */
const PROTOCOLS = ["http/1.1"];

/** Said to a connection that has more requests under way than it may; it is closed then. */
const TOO_MANY = "This server speaks HTTP/1.1, which has one request at a time on a connection.";

/** Accepts connections and hands those that there is room for to Deno's HTTP server. */
export class HttpListener {
  readonly #listener: Deno.TcpListener | Deno.TlsListener;
  readonly #connections: Connections;
  readonly #answerer: Answerer;
  readonly #crowded: (peer: string) => void;
  /** Ends of the connections that there are. */
  readonly #ends = new Set<Promise<void>>();
  /** Resolves when nothing is accepted any more. */
  readonly #accepting: Promise<void>;
  #closing = false;

  /** @throws FlwrError "unavailable" when the address cannot be listened on */
  constructor({ address, tls, limits, answerer, crowded }: HttpListenerOptions) {
    checkCanServe();
    this.#listener = listen(address, tls);
    this.#connections = new Connections(limits);
    this.#answerer = answerer;
    this.#crowded = crowded ?? (() => {});
    this.#accepting = this.#accept();
  }

  /** The port that was taken. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /**
   * Takes no new connections and requests, waits for those under way, then breaks off what is left.
   *
   * @param graceSeconds how long they may take
   */
  async close(graceSeconds: number): Promise<void> {
    this.#closing = true;
    this.#listener.close();
    await this.#accepting; // until then the system takes connections
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
      // Accepting one that waits takes no turn, so others would never get theirs while more come than are taken.
      if (taken % ACCEPTED_PER_TURN === 0) await nextTurn();
      let accepted: Deno.Conn;
      try {
        accepted = await this.#listener.accept();
      } catch {
        if (this.#closing) return;
        // The caller has hung up, or the system has no file descriptor left.
        this.#connections.makeRoom();
        await systemClock.sleep(ACCEPT_PAUSE_MS / 1000);
        continue;
      }
      this.#serve(accepted);
    }
  }

  #serve(accepted: Deno.Conn): void {
    const { hostname: host, port } = accepted.remoteAddr as Deno.NetAddr;
    const peer = formatAddress({ host, port });
    const connection = this.#closing ? undefined : this.#connections.open(host, peer);
    if (connection === undefined) return accepted.close();
    if ("setNoDelay" in accepted) (accepted as Deno.TcpConn).setNoDelay(true);
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

  /** Only HTTP/2 has several requests at a time, which Deno takes for granted over plain text. */
  #tooMany(connection: Connection): Response {
    if (connection.condemn()) {
      this.#crowded(connection.peer);
      setTimeout(() => connection.close(), FLUSH_MS);
    }
    return new Response(TOO_MANY, { status: 429 });
  }
}

function listen(
  { host, port }: Address,
  tls: ServerTls | undefined,
): Deno.TcpListener | Deno.TlsListener {
  const where = { hostname: host, port };
  try {
    if (tls === undefined) return Deno.listen(where);
    // Deno's types lack the protocols, which node:tls and Deno.serve give it.
    const options = { ...where, cert: tls.cert, key: tls.key, alpnProtocols: PROTOCOLS };
    const listener = Deno.listenTls(options);
    sendAtOnce(listener);
    return listener;
  } catch (error) {
    throw explainBindError(formatAddress({ host, port }), error as Error);
  }
}
