import { type Address, formatAddress } from "../address.ts";
import { type ConnectionOptions, Http2Connection, seconds } from "./connection.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import { ACCEPTED_PER_TURN } from "../limits.ts";
import { HANDSHAKE_MS, STRANGERS_PER_TURN, SWEEP_MS } from "./limits.ts";
import type { ServerCertificate } from "../server.ts";
import { type AcceptedConnection, ServerListener } from "../server_listener.ts";
import type { ByteSocket } from "./socket.ts";
import type { Http2Stream } from "./stream.ts";
import { StrangersTurn } from "./strangers_turn.ts";
import { nextTurn } from "../../base/turn.ts";

/** How a call ended, which decides what its connection may do next. */
export type CallEnd =
  /** The caller was admitted. */
  | "admitted"
  /** It was refused before its caller was identified. */
  | "refused"
  /** It ended before either was decided. */
  | "gone";

/** Progress of a call, which decides what its connection may do meanwhile. */
export type CallProgress =
  /** Its headers were accepted, or its method accepts large requests from anyone. */
  | "headers-accepted"
  /** The caller was admitted. */
  | "admitted";

/** Options of an HTTP/2 server. */
export interface Http2ServerOptions extends Pick<ConnectionOptions, "maxStreams" | "windowBytes"> {
  readonly address: Address;
  /** Without it the server uses plain text. */
  readonly tls?: ServerCertificate;
  /** See {@link ListenOptions.sharesPort}. */
  readonly sharesPort?: boolean;
  /** Answers a call. Must not reject. @param progress call it when the call progresses */
  readonly answer: (
    stream: Http2Stream,
    progress: (progress: CallProgress) => void,
  ) => Promise<CallEnd>;
  /** Seconds of silence before a ping, and seconds to wait for its answer. */
  readonly keepAlive: { readonly silence: number; readonly patience: number };
  /** Seconds without a call after which a connection is closed. */
  readonly idleSeconds: number;
  /** Whether an address is a trusted proxy's, whose connections are those of many callers (default: none is). */
  readonly isProxy?: (host: string) => boolean;
  /** Called when a connection was closed or refused because its peer exceeded a limit. */
  readonly onOffence: (peer: string, reason: string) => void;
}

/** HTTP/2 server for gRPC calls, over TCP or TLS. */
export class Http2Server {
  readonly port: number;
  readonly #options: Http2ServerOptions;
  readonly #listener: ServerListener;
  readonly #connections = new Set<Http2Connection>();
  readonly #doorkeeper: Doorkeeper;
  readonly #strangersTurn = new StrangersTurn(STRANGERS_PER_TURN);
  readonly #sweeper: ReturnType<typeof setInterval>;
  readonly #serving: Promise<void>;
  #closing = false;

  /** @throws FlwrError "unavailable" when the address cannot be listened on; Error for a bad certificate */
  constructor(options: Http2ServerOptions) {
    this.#options = options;
    const { address, tls, sharesPort } = options;
    this.#doorkeeper = new Doorkeeper(options.isProxy);
    this.#listener = new ServerListener({ address, tls, protocols: ["h2"], sharesPort });
    this.port = this.#listener.port;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#serving = this.#acceptAll();
  }

  /** Uses another certificate for new connections. @throws FlwrError as {@link ServerListener.renew} */
  renew(tls: ServerCertificate): Promise<void> {
    return this.#listener.renew(tls);
  }

  /**
   * Stops accepting calls, waits for open ones, then cancels the rest.
   *
   * @param graceSeconds how long open calls may take
   */
  async close(graceSeconds: number): Promise<void> {
    this.#closing = true;
    clearInterval(this.#sweeper);
    this.#listener.close();
    for (const connection of this.#connections) connection.drain();
    const abort = setTimeout(() => {
      for (const connection of this.#connections) connection.abort();
    }, graceSeconds * 1000);
    await this.#serving;
    while (this.#connections.size > 0) await Promise.all([...this.#connections].map(this.#ends));
    clearTimeout(abort);
  }

  readonly #ended = new WeakMap<Http2Connection, Promise<void>>();
  readonly #ends = (connection: Http2Connection) => this.#ended.get(connection);

  async #acceptAll(): Promise<void> {
    for (let taken = 1; !this.#closing; taken++) {
      // Accepting a pending connection does not yield to the event loop, so a flood of connections would starve
      // everything else.
      if (taken % ACCEPTED_PER_TURN === 0) await nextTurn();
      let conn: AcceptedConnection;
      try {
        conn = await this.#listener.accept();
      } catch {
        if (this.#closing) return;
        // Too many open files, or a peer that disconnected before it was accepted: both are temporary.
        const made = this.#doorkeeper.makeRoom();
        const wait = made ? ROOM_MADE_MS : ACCEPT_AGAIN_MS;
        await new Promise((resolve) => setTimeout(resolve, wait));
        continue;
      }
      this.#accept(conn);
    }
  }

  #accept(conn: AcceptedConnection): void {
    const { hostname, port } = conn.remoteAddr as Deno.NetAddr;
    const host = hostname.replace(/^::ffff:(?=\d+\.)/i, "");
    const peer = formatAddress({ host, port });
    if (!this.#doorkeeper.admits(host)) {
      conn.close();
      return this.#options.onOffence(peer, "Too many connections");
    }
    const progress = (progress: CallProgress) =>
      progress === "admitted"
        ? this.#doorkeeper.admitted(host, connection)
        : this.#doorkeeper.headersAccepted(connection);
    const connection: Http2Connection = new Http2Connection(socketOf(conn, peer), {
      ...this.#options,
      strangersTurn: this.#strangersTurn,
      answer: async (stream) =>
        await this.#callEnded(host, connection, await this.#options.answer(stream, progress)),
    });
    this.#connections.add(connection);
    this.#doorkeeper.opened(host, connection);
    this.#ended.set(connection, this.#serve(host, connection, conn));
    if (this.#closing) connection.drain();
  }

  async #serve(
    host: string,
    connection: Http2Connection,
    conn: AcceptedConnection,
  ): Promise<void> {
    if (await completesHandshake(conn)) await connection.serve();
    else connection.close();
    this.#connections.delete(connection);
    this.#doorkeeper.closed(host, connection);
    if (connection.offence !== undefined) {
      this.#options.onOffence(connection.peer, connection.offence);
    }
  }

  /** Handles the end of a call. @returns whether its caller was admitted */
  async #callEnded(host: string, connection: Http2Connection, end: CallEnd): Promise<boolean> {
    if (end === "admitted") this.#doorkeeper.admitted(host, connection);
    if (end === "refused" && !this.#doorkeeper.refused(host, connection)) {
      await connection.closeForOffence("Too many refused calls");
    }
    return end === "admitted";
  }

  #sweep(): void {
    const { keepAlive: { silence, patience }, idleSeconds } = this.#options;
    this.#doorkeeper.sweep();
    const idleSince = seconds() - idleSeconds;
    for (const connection of this.#connections) {
      if (connection.streams === 0 && connection.lastCallAt < idleSince) connection.drain();
      else connection.keepAlive(silence, patience);
    }
  }
}

/** Milliseconds before accepting again after a failure, and after a connection was closed to make room. */
const ACCEPT_AGAIN_MS = 50;
const ROOM_MADE_MS = 5;

function socketOf(conn: AcceptedConnection, peer: string): ByteSocket {
  if ("setNoDelay" in conn) conn.setNoDelay(true);
  let closed = false;
  return {
    peer,
    read: (into) => conn.read(into),
    write: (bytes) => conn.write(bytes),
    close: () => {
      if (closed) return;
      closed = true;
      conn.close();
    },
  };
}

/** Whether the TLS handshake, if there is one, succeeded in time. */
async function completesHandshake(conn: AcceptedConnection): Promise<boolean> {
  if (!("handshake" in conn)) return true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), HANDSHAKE_MS);
  });
  const made = conn.handshake().then(() => true, () => false);
  try {
    return await Promise.race([made, late]);
  } finally {
    clearTimeout(timer);
  }
}
